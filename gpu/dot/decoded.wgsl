// Rows of any format, decoded, times f32 input rows. Each lane sums its shares in registers; the lanes'
// sums are added at the end, in whatever order is fastest.

//#import lib/tile.wgsl
//#import reduce/${reduce}.wgsl
//#import families/${family}.wgsl

// The sum of strand `own.index`. Called by all invocations together.
fn dotProducts(tile: Tile, own: Invocation) -> f32 {
  let team = own.index / LANES;
  let lane = own.index % LANES;
  var sums: Sums;
  for (var i = lane; i < parameters.columns / BLOCK_VALUES * SHARES; i += LANES) {
    addShare(tile, team, i / SHARES, i % SHARES, &sums);
  }
  if (lane == 0u) {
    addRests(tile, team, &sums);
  }
  return sumOverLanes(&sums, own);
}

// One share of a block, in all rows of a team times all tokens.
fn addShare(tile: Tile, team: u32, block: u32, share: u32, sums: ptr<function, Sums>) {
  var bytes: array<u32, MOST_ROWS>;
  var weights: array<Share, MOST_ROWS>;
  for (var row = 0u; row < ROWS; row++) {
    bytes[row] = rowByte(tile, team * ROWS + row) + block * BLOCK_BYTES;
    weights[row] = shareOf(bytes[row], share);
  }
  for (var token = 0u; token < TOKENS; token++) { // not tile.tokens: sums are to stay in registers
    if (token < tile.tokens) {
      let first = inputRow(tile.token + token) * parameters.columns + block * BLOCK_VALUES;
      var x: array<vec4<f32>, WORDS>;
      for (var k = 0u; k < WORDS; k++) {
        let i = first + 4u * (SHARES * k + share);
        x[k] = bitcast<vec4<f32>>(vec4<u32>(input[i], input[i + 1u], input[i + 2u], input[i + 3u]));
      }
      for (var row = 0u; row < ROWS; row++) {
        (*sums)[row][token] += decodedSum(bytes[row], share, weights[row], x);
      }
    }
  }
}

// The columns that fill no share.
fn addRests(tile: Tile, team: u32, sums: ptr<function, Sums>) {
  for (var token = 0u; token < TOKENS; token++) {
    if (token < tile.tokens) {
      let x = inputRow(tile.token + token) * parameters.columns;
      for (var row = 0u; row < ROWS; row++) {
        (*sums)[row][token] += decodedRest(rowByte(tile, team * ROWS + row), x);
      }
    }
  }
}
