// One matrix, all rows of the input. Workgroups along z take turns with the tiles of tokens.

struct Work {
  // Byte offset of the matrix.
  matrix: u32,
  // Output rows from `first` to before `end`; a tile starts at each `step`.
  first: u32,
  end: u32,
  step: u32,
}

fn workOf(group: u32, groups: u32) -> Work {
  return Work(parameters.weightBytes, group * TOKENS, parameters.tokens, groups * TOKENS);
}

fn inputRow(row: u32) -> u32 {
  return row;
}
