// activate(gate, up), by the choice `activation` (lib/activations.wgsl). f32 [count] each; one
// invocation a value.

//#import lib/activations.wgsl
//#import lib/grid.wgsl

struct Parameters {
  count: u32,
}

override workgroupSize: u32 = 256;

@group(0) @binding(0) var<storage, read> gate: array<f32>;
@group(0) @binding(1) var<storage, read> up: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let item = workgroupNumber(workgroup, counts) * workgroupSize + local;
  if (item < parameters.count) {
    output[item] = activate(gate[item], up[item]);
  }
}
