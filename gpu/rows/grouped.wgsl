// One matrix in each of many slots; a workgroup's z is its group of output rows.

// Slot, or NOWHERE; first output row; number of output rows; unused.
@group(0) @binding(3) var<storage, read> groups: array<vec4<u32>>;
// Which input row each output row reads, unless parameters.inputByRow.
@group(0) @binding(4) var<storage, read> inputRows: array<u32>;

// For what is not on this device.
const NOWHERE = 0xffffffffu;

struct Work {
  // Byte offset of the matrix.
  matrix: u32,
  // Output rows from `first` to before `end`; a tile starts at each `step`.
  first: u32,
  end: u32,
  step: u32,
}

fn workOf(group: u32, _count: u32) -> Work {
  let entry = groups[group];
  if (entry.x == NOWHERE) {
    return Work();
  }
  let matrix = entry.x * parameters.slotBytes + parameters.weightBytes;
  return Work(matrix, entry.y, entry.y + entry.z, TOKENS);
}

fn inputRow(row: u32) -> u32 {
  if (parameters.inputByRow != 0u) {
    return row;
  }
  return inputRows[row];
}
