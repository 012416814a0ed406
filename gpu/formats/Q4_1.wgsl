// Q4_1, 20 bytes: d, m (f16) @0, nibbles [16] @4: byte j has value j low and value j + 16 high.
// value = d * q + m                                             Interface: families/blocks.wgsl

const BLOCK_BYTES = 20u;
const MINIMA = true;

fn outer(block: u32) -> vec2<f32> {
  return unpack2x16float(alignedWordAt(block));
}

fn quants(block: u32, share: u32) -> array<u32, 2> {
  let nibbles = alignedWordAt(block + 4u + 4u * share);
  return array<u32, 2>(nibbles & 0x0f0f0f0fu, (nibbles >> 4u) & 0x0f0f0f0fu);
}
