// Rows of F32, F16 or BF16 times f32 input rows in the order of the CPU's kernel, floats.ts: lane j of
// four adds the products of columns j, j + 4, ...; then (0 + 2) + (1 + 3); then the columns left.
// All invocations multiply, into workgroup memory; one to each strand adds up.

//#import lib/invocation.wgsl
//#import lib/tile.wgsl
//#import families/${family}.wgsl

// Fours of columns that a lane multiplies before the workgroup adds up.
override DEPTH: u32 = 1;

override STEP_FOURS = LANES * DEPTH;

var<workgroup> products: array<vec4<f32>, STRANDS * STEP_FOURS>;

// The sum of strand `own.index`. Called by all invocations together.
fn dotProducts(tile: Tile, own: Invocation) -> f32 {
  let fours = parameters.columns / 4u;
  var lanes = vec4<f32>();
  for (var first = 0u; first < fours; first += STEP_FOURS) {
    let stepFours = min(STEP_FOURS, fours - first);
    for (var i = own.index % LANES; i < stepFours; i += LANES) {
      multiplyFour(tile, own.index / LANES, first, i);
    }
    workgroupBarrier();
    if (isUsed(tile, own.index)) {
      for (var i = 0u; i < stepFours; i++) {
        lanes += products[own.index * STEP_FOURS + i];
      }
    }
    workgroupBarrier();
  }
  let sum = (lanes.x + lanes.z) + (lanes.y + lanes.w);
  if (isUsed(tile, own.index)) {
    return withRest(tile, own.index, sum);
  }
  return sum;
}

// Adds the columns after the last four.
fn withRest(tile: Tile, strand: u32, sum: f32) -> f32 {
  let weights = rowByte(tile, strand / TOKENS);
  let x = inputRow(tile.token + strand % TOKENS) * parameters.columns;
  var total = sum;
  for (var c = parameters.columns & ~3u; c < parameters.columns; c++) {
    let product = oneAt(weights + c * VALUE_BYTES) * bitcast<f32>(input[x + c]);
    total += product;
  }
  return total;
}

// Four columns, in all rows of a team times all tokens. `place` is theirs in this step.
fn multiplyFour(tile: Tile, team: u32, first: u32, place: u32) {
  var weights: array<vec4<f32>, MOST_ROWS>;
  for (var row = 0u; row < ROWS; row++) {
    weights[row] = fourAt(rowByte(tile, team * ROWS + row) + (first + place) * 4u * VALUE_BYTES);
  }
  for (var token = 0u; token < tile.tokens; token++) {
    let x = inputRow(tile.token + token) * parameters.columns + 4u * (first + place);
    let values = bitcast<vec4<f32>>(vec4<u32>(input[x], input[x + 1u], input[x + 2u], input[x + 3u]));
    for (var row = 0u; row < ROWS; row++) {
      let strand = (team * ROWS + row) * TOKENS + token;
      products[strand * STEP_FOURS + place] = weights[row] * values;
    }
  }
}
