// The second half of a token's mixture: output (+)= the sum of weight[j] * (matrix[j] . input[j]) over
// its k experts, in routing order: the bits of matvec.wgsl, a row for each expert, and then mix.wgsl.
//
//   weights  the experts' matrices in their slots, as in matvec.wgsl
//   input    k rows of `columns` values, as in matvec.wgsl: row j of group j
//   output   f32 [rows]
//   groups   rows/grouped.wgsl; an expert without a slot adds nothing
//   shares   f32 [k], the weights of the experts
//
// Choices: as matvec.wgsl, rows grouped. A workgroup takes TILE_ROWS rows, along x and y, of all experts.

//#import lib/grid.wgsl
//#import dot/${dot}.wgsl
//#import rows/${rows}.wgsl

struct Parameters {
  // Byte offset of the matrix within a slot.
  weightBytes: u32,
  rows: u32,
  columns: u32,
  // Bytes of a slot.
  slotBytes: u32,
  // 1: rows/grouped.wgsl reads input row j for output row j.
  inputByRow: u32,
  k: u32,
  // Whether the sum is added to what is there.
  accumulate: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read> shares: array<f32>;
@group(0) @binding(6) var<uniform> parameters: Parameters;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  own: Invocation,
) {
  let row = workgroupNumber(id, count) * TILE_ROWS;
  if (row >= parameters.rows) {
    return;
  }
  var total = 0.0;
  for (var j = 0u; j < parameters.k; j++) {
    let work = workOf(j, parameters.k);
    if (work.end > work.first) {
      let product = dotProducts(Tile(work.matrix, row, work.first, 1u), own);
      total = total + product * shares[j];
    }
  }
  let at = row + own.index;
  if (own.index >= STRANDS || at >= parameters.rows) {
    return;
  }
  if (parameters.accumulate != 0u) {
    total = output[at] + total;
  }
  output[at] = total;
}

// Byte offset of a tile's row.
fn rowByte(tile: Tile, row: u32) -> u32 {
  return tile.matrix + min(tile.row + row, parameters.rows - 1u) * rowBytes(parameters.columns);
}
