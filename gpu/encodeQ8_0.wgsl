// Activations into Q8_0/Q8_1 blocks (lib/encode/Q8_0.wgsl).
//
//   x        f32 [tokens, columns], columns a multiple of 32
//   encoded  u32 [tokens, columns / 32, 12]
//
// Eight invocations a block, four values each; a row's blocks along x, tokens along y.

//#import lib/encode/Q8_0.wgsl
//#import lib/four.wgsl

struct Parameters {
  columns: u32,
  tokens: u32,
}

override workgroupSize: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> encoded: array<u32>;
@group(0) @binding(2) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let blocks = parameters.columns / 32u;
  let block = workgroup.x * (workgroupSize / 8u) + local / 8u;
  // The last workgroup of a row may have invocations to spare, which must not miss the barriers.
  let row = workgroup.y * blocks;
  let values = fourOf((row + min(block, blocks - 1u)) * 32u + 4u * (local % 8u));
  encodeFour(local, values, row + block, block < blocks);
}
