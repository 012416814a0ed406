// MXFP4, 17 bytes: exponent e (u8) @0, codes [16] @1: byte j has code j low and code j + 16 high.
// value = 2^(e - 128) * twice E2M1                              Interface: families/blocks.wgsl

//#import lib/levels.wgsl

const BLOCK_BYTES = 17u;
const MINIMA = false;

fn outer(block: u32) -> vec2<f32> {
  let exponent = byteAt(block);
  // Below 2^-126 the f32 is subnormal, its fraction the shifted 1; adapters may make that 0.
  let bits = select((exponent + 1u) << 21u, (exponent - 1u) << 23u, exponent > 1u);
  return vec2<f32>(bitcast<f32>(bits), 0.0);
}

fn quants(block: u32, share: u32) -> array<u32, 2> {
  let codes = wordAt(block + 1u + 4u * share);
  let low = levelsOf(codes & 0x0f0f0f0fu, TWICE_E2M1);
  return array<u32, 2>(low, levelsOf((codes >> 4u) & 0x0f0f0f0fu, TWICE_E2M1));
}
