// Rounds f32 to the f32 values of the nearest f16 or bfloat16 (choice `kind`), as kernels/half.ts: ties
// to even, subnormals, infinities and NaN kept. One invocation a value.
//
//   x, output  f32 [count], handled as bits: no arithmetic unit flushes a subnormal on the way

//#import lib/half.wgsl
//#import lib/round/${kind}.wgsl
//#import lib/grid.wgsl

struct Parameters {
  count: u32,
}

override workgroupSize: u32 = 256;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let item = workgroupNumber(workgroup, counts) * workgroupSize + local;
  if (item < parameters.count) {
    output[item] = rounded(x[item]);
  }
}
