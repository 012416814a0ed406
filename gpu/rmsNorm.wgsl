// Root mean square norm of rows, `x / sqrt(mean(x^2) + epsilon) * gain`, as kernels/elementwise.ts
// (lib/rootMeanSquare.wgsl). A row with an infinity becomes NaN throughout (on the CPU only its
// infinite values do).
//
//   x, output  f32 [rows, width]
//   gain       f32 [width]
//
// One workgroup a row; its invocations take every workgroupSize-th value.

//#import lib/rootMeanSquare.wgsl
//#import lib/grid.wgsl

struct Parameters {
  width: u32,
  rows: u32,
  epsilon: f32,
}

override workgroupSize: u32 = 256;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gain: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let row = workgroupNumber(workgroup, counts);
  if (row >= parameters.rows) {
    return;
  }
  let width = parameters.width;
  let start = row * width;
  var squares = DoubleSingle();
  for (var column = local; column < width; column += workgroupSize) {
    let value = x[start + column];
    squares = addValue(squares, value * value);
  }
  let factor = normFactor(local, squares, width, parameters.epsilon);
  for (var column = local; column < width; column += workgroupSize) {
    output[start + column] = (x[start + column] * factor) * gain[column];
  }
}
