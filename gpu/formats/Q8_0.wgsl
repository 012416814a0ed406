// Q8_0, 34 bytes: d (f16) @0, i8 [32] @2.
// value = d * q                                                 Interface: families/blocks.wgsl

const BLOCK_BYTES = 34u;
const MINIMA = false;

fn outer(block: u32) -> vec2<f32> {
  return vec2<f32>(halfAt(block), 0.0);
}

fn quants(block: u32, share: u32) -> array<u32, 2> {
  let first = block + 2u + 4u * share;
  return array<u32, 2>(wordAt(first), wordAt(first + 16u));
}
