// Q4_0, 18 bytes: d (f16) @0, nibbles [16] @2: byte j has value j low and value j + 16 high.
// value = d * (q - 8)                                           Interface: families/blocks.wgsl

const BLOCK_BYTES = 18u;
const MINIMA = false;

fn outer(block: u32) -> vec2<f32> {
  return vec2<f32>(halfAt(block), 0.0);
}

fn quants(block: u32, share: u32) -> array<u32, 2> {
  let nibbles = wordAt(block + 2u + 4u * share);
  let low = lessInEachByte(nibbles & 0x0f0f0f0fu, 8u);
  return array<u32, 2>(low, lessInEachByte((nibbles >> 4u) & 0x0f0f0f0fu, 8u));
}
