// Quantised rows times encoded input rows: integer sums of blocks, exact in any order, then f32
// in the order of the CPU's kernels. Products go through workgroup memory before they are added, so no
// compiler can fuse the two roundings.

//#import lib/invocation.wgsl
//#import lib/tile.wgsl
//#import families/${family}.wgsl

// Shares that a lane takes before the workgroup adds up.
override DEPTH: u32 = 1;

override LANE_SHARES = LANES * DEPTH;
override STEP_BLOCKS = LANE_SHARES / SHARES;
override STRAND_BLOCKS = STRANDS * STEP_BLOCKS;
// Share by share, a little apart so that neighbours do not meet in a bank.
override PLANE = STRAND_BLOCKS + 32u / SHARES;

var<workgroup> partialSums: array<i32, SHARES * PLANE>;
var<workgroup> terms: array<vec2<f32>, STRAND_BLOCKS>;

// The sum of strand `own.index`. Called by all invocations together.
fn dotProducts(tile: Tile, own: Invocation) -> f32 {
  let blocks = parameters.columns / BLOCK_VALUES;
  var total = vec2<f32>();
  for (var first = 0u; first < blocks; first += STEP_BLOCKS) {
    let stepBlocks = min(STEP_BLOCKS, blocks - first);
    for (var i = own.index % LANES; i < stepBlocks * SHARES; i += LANES) {
      multiplyShare(tile, own.index / LANES, first, i / SHARES, i % SHARES);
    }
    workgroupBarrier();
    for (var i = own.index; i < STRAND_BLOCKS; i += WORKGROUP) {
      if (i % STEP_BLOCKS < stepBlocks && isUsed(tile, i / STEP_BLOCKS)) {
        addShares(tile, i, first + i % STEP_BLOCKS);
      }
    }
    workgroupBarrier();
    if (isUsed(tile, own.index)) {
      for (var b = 0u; b < stepBlocks; b++) {
        total = addTerms(total, terms[own.index * STEP_BLOCKS + b]);
      }
    }
  }
  return resultOf(total);
}

// One share of a block, in all rows of a team times all tokens. `place` is the block's in this step.
fn multiplyShare(tile: Tile, team: u32, first: u32, place: u32, share: u32) {
  var weights: array<Share, MOST_ROWS>;
  for (var row = 0u; row < ROWS; row++) {
    weights[row] = shareOf(rowByte(tile, team * ROWS + row) + (first + place) * BLOCK_BYTES, share);
  }
  for (var token = 0u; token < tile.tokens; token++) {
    let block = encodedBlock(tile.token + token, first + place);
    var x: array<u32, WORDS>;
    for (var k = 0u; k < WORDS; k++) {
      x[k] = input[block + SHARES * k + share];
    }
    for (var row = 0u; row < ROWS; row++) {
      let strand = (team * ROWS + row) * TOKENS + token;
      partialSums[share * PLANE + strand * STEP_BLOCKS + place] = integerSum(weights[row], x);
    }
  }
}

// The whole of a block in one strand; `i` is strand * STEP_BLOCKS + the block's place in this step.
fn addShares(tile: Tile, i: u32, block: u32) {
  let strand = i / STEP_BLOCKS;
  var sum = 0i;
  for (var share = 0u; share < SHARES; share++) {
    sum += partialSums[share * PLANE + i];
  }
  let weights = rowByte(tile, strand / TOKENS) + block * BLOCK_BYTES;
  terms[i] = termsOf(weights, encodedBlock(tile.token + strand % TOKENS, block), sum);
}

// Index in `input` of a block of an output row's input row.
fn encodedBlock(token: u32, block: u32) -> u32 {
  return (inputRow(token) * (parameters.columns / BLOCK_VALUES) + block) * ENCODED_WORDS;
}
