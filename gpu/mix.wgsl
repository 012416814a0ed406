// The weighted sum of the rows that a token's experts made, in routing order: each product is rounded,
// then added to the sum so far, which starts from 0. One invocation a value.
//
//   rows     f32 [pairs, width]
//   rowOf    u32 [tokens, k]: which row belongs to a token's j-th expert
//   weights  f32 [tokens, k]
//   output   f32 [tokens, width]: the sum, or with `accumulate` added to what is there

//#import lib/grid.wgsl

struct Parameters {
  tokens: u32,
  k: u32,
  width: u32,
  accumulate: u32,
}

override workgroupSize: u32 = 256;

@group(0) @binding(0) var<storage, read> rows: array<f32>;
@group(0) @binding(1) var<storage, read> rowOf: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
@group(0) @binding(4) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let item = workgroupNumber(workgroup, counts) * workgroupSize + local;
  let token = item / parameters.width;
  if (token >= parameters.tokens) {
    return;
  }
  let column = item % parameters.width;
  var sum = 0.0;
  for (var pair = token * parameters.k; pair < (token + 1u) * parameters.k; pair++) {
    sum = sum + rows[rowOf[pair] * parameters.width + column] * weights[pair];
  }
  if (parameters.accumulate != 0u) {
    sum = output[item] + sum;
  }
  output[item] = sum;
}
