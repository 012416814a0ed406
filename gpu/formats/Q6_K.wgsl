// Q6_K, 210 bytes: low nibbles [128] @0, upper bit pairs [64] @128, i8 scales [16] @192, d (f16) @208.
// A half has four runs of 32 values. Of its 64 nibble bytes the first 32 hold runs 0 and 2, the
// others runs 1 and 3; bit pair r of pair byte j is for value j of run r.
// value = d * scale * (q - 32)                                  Interface: families/superblocks.wgsl

//#import lib/withoutMinima.wgsl

const BLOCK_BYTES = 210u;

fn outer(block: u32) -> vec2<f32> {
  return vec2<f32>(halfAt(block + 208u), 0.0);
}

fn quants(block: u32, share: u32) -> array<u32, 8> {
  var words: array<u32, 8>;
  for (var half = 0u; half < 2u; half++) {
    let pairs = wordAt(block + 128u + 32u * half + 4u * share);
    for (var odd = 0u; odd < 2u; odd++) {
      let nibbles = wordAt(block + 64u * half + 32u * odd + 4u * share);
      let bits = pairs >> (2u * odd);
      let low = (nibbles & 0x0f0f0f0fu) | ((bits & 0x03030303u) << 4u);
      let high = ((nibbles >> 4u) & 0x0f0f0f0fu) | (bits & 0x30303030u);
      words[4u * half + odd] = lessInEachByte(low, 32u);
      words[4u * half + odd + 2u] = lessInEachByte(high, 32u);
    }
  }
  return words;
}

fn scales(block: u32, share: u32) -> array<i32, 8> {
  var factors: array<i32, 8>;
  for (var i = 0u; i < 4u; i++) {
    let word = wordAt(block + 192u + 4u * i);
    factors[2u * i] = signedByteOf(word, share >> 2u);
    factors[2u * i + 1u] = signedByteOf(word, 2u + (share >> 2u));
  }
  return factors;
}
