// How a workgroup multiplies a tile, which is some rows of a matrix times some rows of the input.
//
// The invocations form teams of LANES. A team has ROWS of the tile's rows; its lanes share the columns.
// One row times one input row is a strand: strand ((team * ROWS + row) * TOKENS + token). The sum of
// strand s ends up with invocation s, so there must not be more strands than invocations.

override WORKGROUP: u32 = 64;
// A power of two.
override LANES: u32 = 32;
// At most MOST_ROWS and MOST_TOKENS.
override ROWS: u32 = 4;
override TOKENS: u32 = 1;

// Arrays of a function want a size that does not depend on overrides.
const MOST_ROWS = 4u;
const MOST_TOKENS = 4u;

override TILE_ROWS = WORKGROUP / LANES * ROWS;
override STRANDS = TILE_ROWS * TOKENS;

struct Tile {
  // Byte offset of the matrix.
  matrix: u32,
  // The first of TILE_ROWS rows; those beyond the matrix are its last again.
  row: u32,
  // The first of `tokens` rows of the output, at most TOKENS; `inputRow` says which input each reads.
  token: u32,
  tokens: u32,
}

// Whether there is such a strand, and a token for it.
fn isUsed(tile: Tile, strand: u32) -> bool {
  return strand < STRANDS && strand % TOKENS < tile.tokens;
}
