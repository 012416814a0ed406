// IQ4_XS, 136 bytes: d (f16) @0, bits 4 and 5 of eight scales (u16) @2, their low nibbles [4] @4,
// codes [128] @8. Code bytes 16g to 16g + 15 hold the first 16 values of group g low, the others high.
// value = d * (scale - 32) * level                              Interface: families/superblocks.wgsl

//#import lib/withoutMinima.wgsl
//#import lib/levels.wgsl

const BLOCK_BYTES = 136u;

fn outer(block: u32) -> vec2<f32> {
  return vec2<f32>(halfAt(block), 0.0);
}

fn quants(block: u32, share: u32) -> array<u32, 8> {
  var words: array<u32, 8>;
  for (var group = 0u; group < 8u; group++) {
    let codes = alignedWordAt(block + 8u + 16u * group + 4u * (share & 3u)) >> (share & 4u);
    words[group] = levelsOf(codes & 0x0f0f0f0fu, IQ4_LEVELS);
  }
  return words;
}

fn scales(block: u32, share: u32) -> array<i32, 8> {
  let upper = alignedWordAt(block) >> 16u;
  let nibbles = alignedWordAt(block + 4u);
  var factors: array<i32, 8>;
  for (var group = 0u; group < 8u; group++) {
    let low = (nibbles >> (4u * group)) & 15u;
    let high = (upper >> (2u * group)) & 3u;
    factors[group] = i32(low | (high << 4u)) - 32;
  }
  return factors;
}
