// rmsNorm.wgsl, and the norms encoded as matrices want them: the bits of rmsNorm.wgsl and then
// encodeQ8_0.wgsl or encodeQ8_K.wgsl, by the choice `encoding` (lib/encode/).
//
//   x, output  f32 [rows, width]; width a multiple of the encoding's block
//   gain       f32 [width]
//   encoded    u32 [rows, blocks of a row, words of a block]
//
// One workgroup a row. For the sum its invocations take every workgroupSize-th value, then four
// neighbours at a time.

//#import lib/rootMeanSquare.wgsl
//#import lib/encode/${encoding}.wgsl
//#import lib/four.wgsl
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
@group(0) @binding(3) var<storage, read_write> encoded: array<u32>;
@group(0) @binding(4) var<uniform> parameters: Parameters;

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
  for (var first = 0u; first < width; first += 4u * workgroupSize) {
    let column = first + 4u * local;
    // A row's end may leave invocations without values, which must not miss the barriers.
    let isInside = column < width;
    let at = min(column, width - 4u);
    let norms = (fourOf(start + at) * factor) * gainsFrom(at);
    if (isInside) {
      for (var i = 0u; i < 4u; i++) {
        output[start + column + i] = norms[i];
      }
    }
    encodeFour(local, norms, (start + column) / ENCODED_VALUES, isInside);
    workgroupBarrier(); // before the next blocks' sums come where these are
  }
}

fn gainsFrom(column: u32) -> vec4<f32> {
  return vec4(gain[column], gain[column + 1u], gain[column + 2u], gain[column + 3u]);
}
