// Q5_0 and Q5_1: bit i of a u32 is the fifth bit of value i.

// Values 4 * share to 4 * share + 3 from the low nibbles, and those 16 later from the high ones.
fn fiveBits(bits: u32, nibbles: u32, share: u32) -> vec2<u32> {
  let low = (nibbles & 0x0f0f0f0fu) | inFifthPlace(bits >> (4u * share));
  let high = ((nibbles >> 4u) & 0x0f0f0f0fu) | inFifthPlace(bits >> (4u * share + 16u));
  return vec2<u32>(low, high);
}

// Bits 0 to 3 as bit 4 of bytes 0 to 3.
fn inFifthPlace(bits: u32) -> u32 {
  // Four copies 7 apart bring bit i to the lowest of byte i.
  return (((bits & 15u) * 0x00204081u) & 0x01010101u) << 4u;
}
