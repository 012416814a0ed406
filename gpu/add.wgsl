// x += y. f32 [count] each; one invocation a value.

//#import lib/grid.wgsl

struct Parameters {
  count: u32,
}

override workgroupSize: u32 = 256;

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let item = workgroupNumber(workgroup, counts) * workgroupSize + local;
  if (item < parameters.count) {
    x[item] += y[item];
  }
}
