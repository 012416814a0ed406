// F32, F16 and BF16: a share is four columns. Rows may have any length; up to three columns are left.
//
// A format in formats/ has VALUE_BYTES, fourAt(byte) and oneAt(byte).

//#import lib/unpack.wgsl
//#import formats/${format}.wgsl

const BLOCK_VALUES = 4u;
const BLOCK_BYTES = 4u * VALUE_BYTES;
const SHARES = 1u;
const WORDS = 1u;

struct Share {
  values: vec4<f32>,
}

fn rowBytes(columns: u32) -> u32 {
  return columns * VALUE_BYTES;
}

fn shareOf(block: u32, share: u32) -> Share {
  return Share(fourAt(block));
}

fn decodedSum(block: u32, share: u32, weights: Share, x: array<vec4<f32>, 1>) -> f32 {
  return dot(weights.values, x[0]);
}

// The columns after the last four: of the row at byte `row`, and of the input row at index `x`.
fn decodedRest(row: u32, x: u32) -> f32 {
  var sum = 0.0;
  for (var c = parameters.columns & ~3u; c < parameters.columns; c++) {
    sum += oneAt(row + VALUE_BYTES * c) * bitcast<f32>(input[x + c]);
  }
  return sum;
}
