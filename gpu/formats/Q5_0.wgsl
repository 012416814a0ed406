// Q5_0, 22 bytes: d (f16) @0, fifth bits (u32) @2, nibbles [16] @6: byte j has value j low and
// value j + 16 high.
// value = d * (q - 16)                                          Interface: families/blocks.wgsl

//#import lib/fifthBits.wgsl

const BLOCK_BYTES = 22u;
const MINIMA = false;

fn outer(block: u32) -> vec2<f32> {
  return vec2<f32>(halfAt(block), 0.0);
}

fn quants(block: u32, share: u32) -> array<u32, 2> {
  let words = fiveBits(wordAt(block + 2u), wordAt(block + 6u + 4u * share), share);
  return array<u32, 2>(lessInEachByte(words.x, 16u), lessInEachByte(words.y, 16u));
}
