// Q5_1, 24 bytes: d, m (f16) @0, fifth bits (u32) @4, nibbles [16] @8: byte j has value j low and
// value j + 16 high.
// value = d * q + m                                             Interface: families/blocks.wgsl

//#import lib/fifthBits.wgsl

const BLOCK_BYTES = 24u;
const MINIMA = true;

fn outer(block: u32) -> vec2<f32> {
  return unpack2x16float(alignedWordAt(block));
}

fn quants(block: u32, share: u32) -> array<u32, 2> {
  let nibbles = alignedWordAt(block + 8u + 4u * share);
  let words = fiveBits(alignedWordAt(block + 4u), nibbles, share);
  return array<u32, 2>(words.x, words.y);
}
