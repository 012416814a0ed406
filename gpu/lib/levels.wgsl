// Codes of four bits that stand for the entries of a table of sixteen i8, four in each component.

requires packed_4x8_integer_dot_product;

// -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
const IQ4_LEVELS = vec4<u32>(0xbfad9881u, 0xf6eaddcfu, 0x26190d01u, 0x71594535u);

// Twice the values of E2M1: 0, 1, 2, 3, 4, 6, 8, 12, and the same negative
const TWICE_E2M1 = vec4<u32>(0x03020100u, 0x0c080604u, 0xfdfeff00u, 0xf4f8fafcu);

// The entries for four codes, one in each byte.
fn levelsOf(codes: u32, table: vec4<u32>) -> u32 {
  let code = unpack4xU8(codes);
  // Choosing between four numbers is faster than an array with a computed index, which goes to memory.
  let isOdd = (code & vec4<u32>(4u)) != vec4<u32>(0u);
  let isLate = (code & vec4<u32>(8u)) != vec4<u32>(0u);
  let early = select(table.xxxx, table.yyyy, isOdd);
  let late = select(table.zzzz, table.wwww, isOdd);
  return pack4xU8(select(early, late, isLate) >> (8u * (code & vec4<u32>(3u))));
}
