// The first half of a gated feed-forward, two matrices of one format at once:
// output[t][row] = activate(gate[row] . input[t], up[row] . input[t]).
//
//   weights  both matrices, each rows x columns values as in matvec.wgsl
//   input    rows of `columns` values, as in matvec.wgsl
//   output   f32 of (token, row) at token * outputStride + outputOffset + row
//
// Choices: as matvec.wgsl; activation is swiglu, swigluClamped or geglu (lib/activations.wgsl).
//
// A workgroup takes TILE_ROWS / 2 rows of each matrix, along x and y, and all its tokens, TOKENS at a
// time. Of a tile's rows the even ones are the gate's.

//#import lib/grid.wgsl
//#import lib/activations.wgsl
//#import dot/${dot}.wgsl
//#import rows/${rows}.wgsl

struct Parameters {
  // Byte offset of the gate's matrix, or of that part within a slot.
  weightBytes: u32,
  // Of one of the matrices.
  rows: u32,
  columns: u32,
  // Rows of the input; grouped work has them in its groups.
  tokens: u32,
  // Bytes of a slot.
  slotBytes: u32,
  // Whether an output row's input row is the one of the same number.
  inputByRow: u32,
  outputStride: u32,
  outputOffset: u32,
  // Byte offset of the up-projection's matrix, or of that part within a slot.
  upBytes: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<uniform> parameters: Parameters;

var<workgroup> sums: array<f32, STRANDS>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  own: Invocation,
) {
  let row = workgroupNumber(id, count) * (TILE_ROWS / 2u);
  if (row >= parameters.rows) {
    return;
  }
  let work = workOf(id.z, count.z);
  for (var token = work.first; token < work.end; token += work.step) {
    let tile = Tile(work.matrix, row, token, min(TOKENS, work.end - token));
    let sum = dotProducts(tile, own);
    if (own.index < STRANDS) {
      sums[own.index] = sum;
    }
    workgroupBarrier();
    store(tile, own.index);
  }
}

// Byte offset of a tile's row: of the gate if even, else of the up-projection.
fn rowByte(tile: Tile, row: u32) -> u32 {
  let matrix = select(tile.matrix, tile.matrix - parameters.weightBytes + parameters.upBytes, row % 2u == 1u);
  return matrix + min(tile.row + row / 2u, parameters.rows - 1u) * rowBytes(parameters.columns);
}

// `i` is (row of the output in the tile) * TOKENS + token.
fn store(tile: Tile, i: u32) {
  let row = tile.row + i / TOKENS;
  let token = i % TOKENS;
  if (i >= STRANDS / 2u || token >= tile.tokens || row >= parameters.rows) {
    return;
  }
  let gate = 2u * (i - token) + token; // its strand; that of the up-projection is a row later
  let at = (tile.token + token) * parameters.outputStride + parameters.outputOffset + row;
  output[at] = activate(sums[gate], sums[gate + TOKENS]);
}
