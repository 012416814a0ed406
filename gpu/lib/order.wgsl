// The order in which the largest of many values are chosen: src/numerics/topK.ts in integers, which
// no compiler mistakes about NaN.

// A number that is greater for a greater value; the same for 0 and -0; 0 for NaN, the least of all.
fn orderOf(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return 0u;
  }
  if (magnitude == 0u) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, bits != magnitude);
}
