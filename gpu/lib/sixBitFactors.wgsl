// What Q4_K and Q5_K blocks begin with: d and dmin, then eight scales and eight minima of six bits in
// twelve bytes. The first four of each are the low six bits of bytes 0 to 3 and 4 to 7; the last
// four have their low four bits in the nibbles of bytes 8 to 11, scales low and minima high, and
// their upper two bits at the top of bytes 0 to 7.

const MINIMA = true;

fn outer(block: u32) -> vec2<f32> {
  return unpack2x16float(alignedWordAt(block));
}

fn scales(block: u32, share: u32) -> array<i32, 8> {
  return sixBitFactors(alignedWordAt(block + 4u), alignedWordAt(block + 12u));
}

fn minima(block: u32, share: u32) -> array<i32, 8> {
  return sixBitFactors(alignedWordAt(block + 8u), alignedWordAt(block + 12u) >> 4u);
}

fn sixBitFactors(early: u32, nibbles: u32) -> array<i32, 8> {
  let first = early & 0x3f3f3f3fu;
  let last = (nibbles & 0x0f0f0f0fu) | ((early >> 2u) & 0x30303030u);
  var factors: array<i32, 8>;
  for (var i = 0u; i < 4u; i++) {
    factors[i] = i32(byteOf(first, i));
    factors[i + 4u] = i32(byteOf(last, i));
  }
  return factors;
}
