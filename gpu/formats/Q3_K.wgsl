// Q3_K, 110 bytes: third bits [32] @0, bit pairs [64] @32 as in Q2_K, six-bit scales [12] @96,
// d (f16) @108. Bit k of third-bit byte j is for value j of run k, 0 to 7. Of the scales' bytes eight
// hold low nibbles, of scales 0 to 7 low and 8 to 15 high, then four hold upper bit pairs.
// value = d * (scale - 32) * (q - 4)                            Interface: families/superblocks.wgsl

//#import lib/withoutMinima.wgsl

const BLOCK_BYTES = 110u;

fn outer(block: u32) -> vec2<f32> {
  return vec2<f32>(halfAt(block + 108u), 0.0);
}

fn quants(block: u32, share: u32) -> array<u32, 8> {
  let thirdBits = wordAt(block + 4u * share);
  var words: array<u32, 8>;
  for (var half = 0u; half < 2u; half++) {
    let pairs = wordAt(block + 32u + 32u * half + 4u * share);
    for (var run = 0u; run < 4u; run++) {
      let low = (pairs >> (2u * run)) & 0x03030303u;
      let upper = ((thirdBits >> (4u * half + run)) & 0x01010101u) << 2u;
      words[4u * half + run] = lessInEachByte(low | upper, 4u);
    }
  }
  return words;
}

fn scales(block: u32, share: u32) -> array<i32, 8> {
  let upper = wordAt(block + 104u);
  var factors: array<i32, 8>;
  for (var i = 0u; i < 4u; i++) { // scales 4i to 4i + 3
    let nibbles = wordAt(block + 96u + 4u * (i & 1u)) >> (2u * (i & 2u));
    let pairs = (upper >> (2u * i)) & 0x03030303u;
    let four = lessInEachByte((nibbles & 0x0f0f0f0fu) | (pairs << 4u), 32u);
    factors[2u * i] = signedByteOf(four, share >> 2u);
    factors[2u * i + 1u] = signedByteOf(four, 2u + (share >> 2u));
  }
  return factors;
}
