// IQ4_NL, 18 bytes: d (f16) @0, codes [16] @2: byte j has code j low and code j + 16 high.
// value = d * level                                             Interface: families/blocks.wgsl

//#import lib/levels.wgsl

const BLOCK_BYTES = 18u;
const MINIMA = false;

fn outer(block: u32) -> vec2<f32> {
  return vec2<f32>(halfAt(block), 0.0);
}

fn quants(block: u32, share: u32) -> array<u32, 2> {
  let codes = wordAt(block + 2u + 4u * share);
  let low = levelsOf(codes & 0x0f0f0f0fu, IQ4_LEVELS);
  return array<u32, 2>(low, levelsOf((codes >> 4u) & 0x0f0f0f0fu, IQ4_LEVELS));
}
