// Matrix times rows of the input: output[t][row] = weights[row] . input[t].
//
//   weights  GGUF blocks as the file has them, rows whole blocks back to back; rows x columns values
//   input    rows of `columns` values: f32, or encoded (kernels/activations.ts) for dot/integers.wgsl
//   output   f32 of (token, row) at token * outputStride + outputOffset + row
//
// Choices: rows is dense or grouped (rows/); dot is integers, ordered or decoded (dot/); family and
// format say how the weights lie (families/, formats/); reduce, only for dot decoded, how lanes are added.
//
// A workgroup takes TILE_ROWS rows, along x and y, and all its tokens, TOKENS at a time.

//#import lib/grid.wgsl
//#import dot/${dot}.wgsl
//#import rows/${rows}.wgsl

struct Parameters {
  // Byte offset of the matrix, or of this part within a slot.
  weightBytes: u32,
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
  // Whether the product is added to what is there.
  accumulate: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<uniform> parameters: Parameters;

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
  let work = workOf(id.z, count.z);
  for (var token = work.first; token < work.end; token += work.step) {
    let tile = Tile(work.matrix, row, token, min(TOKENS, work.end - token));
    store(tile, own.index, dotProducts(tile, own));
  }
}

// Byte offset of a tile's row.
fn rowByte(tile: Tile, row: u32) -> u32 {
  return tile.matrix + min(tile.row + row, parameters.rows - 1u) * rowBytes(parameters.columns);
}

fn store(tile: Tile, strand: u32, sum: f32) {
  let row = tile.row + strand / TOKENS;
  if (!isUsed(tile, strand) || row >= parameters.rows) {
    return;
  }
  let at = (tile.token + strand % TOKENS) * parameters.outputStride + parameters.outputOffset + row;
  if (parameters.accumulate != 0u) {
    output[at] += sum;
  } else {
    output[at] = sum;
  }
}
