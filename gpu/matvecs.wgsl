// matvec.wgsl for up to three matrices of one format and one input at once: the product of each is the
// same bits as by itself.
//
//   weights  the matrices, as in matvec.wgsl, each from a byte offset of its own
//   input    rows of `columns` values, as in matvec.wgsl
//   firstOutput, secondOutput, thirdOutput  f32 [tokens, rows of that matrix]; where there are but two,
//            the third has 0 rows
//
// Choices: as matvec.wgsl, rows dense. A workgroup takes TILE_ROWS rows of one matrix, along x and y, and
// all its tokens, TOKENS at a time; the first matrix comes first.

//#import lib/grid.wgsl
//#import dot/${dot}.wgsl
//#import rows/${rows}.wgsl

struct Parameters {
  // Byte offset of the first matrix, and its rows.
  weightBytes: u32,
  rows: u32,
  columns: u32,
  tokens: u32,
  secondBytes: u32,
  secondRows: u32,
  thirdBytes: u32,
  thirdRows: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(0) @binding(2) var<storage, read_write> firstOutput: array<f32>;
@group(0) @binding(3) var<storage, read_write> secondOutput: array<f32>;
@group(0) @binding(4) var<storage, read_write> thirdOutput: array<f32>;
@group(0) @binding(5) var<uniform> parameters: Parameters;

// One of the matrices.
struct Matrix {
  number: u32,
  byte: u32,
  rows: u32,
  // Of its tiles in the grid.
  firstTile: u32,
}

// The one that this workgroup is about.
var<private> matrix: Matrix;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  own: Invocation,
) {
  let number = workgroupNumber(id, count);
  if (number >= tilesOfAll()) {
    return;
  }
  matrix = matrixOf(number);
  let row = (number - matrix.firstTile) * TILE_ROWS;
  let work = workOf(id.z, count.z);
  for (var token = work.first; token < work.end; token += work.step) {
    let tile = Tile(matrix.byte, row, token, min(TOKENS, work.end - token));
    store(tile, own.index, dotProducts(tile, own));
  }
}

fn tilesOf(rows: u32) -> u32 {
  return (rows + TILE_ROWS - 1u) / TILE_ROWS;
}

fn tilesOfAll() -> u32 {
  return tilesOf(parameters.rows) + tilesOf(parameters.secondRows) + tilesOf(parameters.thirdRows);
}

fn matrixOf(tile: u32) -> Matrix {
  let secondTile = tilesOf(parameters.rows);
  let thirdTile = secondTile + tilesOf(parameters.secondRows);
  if (tile < secondTile) {
    return Matrix(0u, parameters.weightBytes, parameters.rows, 0u);
  }
  if (tile < thirdTile) {
    return Matrix(1u, parameters.secondBytes, parameters.secondRows, secondTile);
  }
  return Matrix(2u, parameters.thirdBytes, parameters.thirdRows, thirdTile);
}

// Byte offset of a tile's row.
fn rowByte(tile: Tile, row: u32) -> u32 {
  return tile.matrix + min(tile.row + row, matrix.rows - 1u) * rowBytes(parameters.columns);
}

fn store(tile: Tile, strand: u32, sum: f32) {
  let row = tile.row + strand / TOKENS;
  if (!isUsed(tile, strand) || row >= matrix.rows) {
    return;
  }
  let at = (tile.token + strand % TOKENS) * matrix.rows + row;
  switch matrix.number {
    case 0u: {
      firstOutput[at] = sum;
    }
    case 1u: {
      secondOutput[at] = sum;
    }
    default: {
      thirdOutput[at] = sum;
    }
  }
}
