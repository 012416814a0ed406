// Activations into Q8_K superblocks (lib/encode/Q8_K.wgsl).
//
//   x        f32 [tokens, columns], columns a multiple of 256
//   encoded  u32 [tokens, columns / 256, 84]
//
// One workgroup of 64 a superblock, four values each; a row's superblocks along x, tokens along y.

//#import lib/encode/Q8_K.wgsl
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
  let superblock = workgroup.y * (parameters.columns / 256u) + workgroup.x;
  encodeFour(local, fourOf(superblock * 256u + 4u * local), superblock, true);
}
