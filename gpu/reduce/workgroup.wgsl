// Adds the lanes of each team, halving their number in workgroup memory.

//#import lib/invocation.wgsl
//#import lib/tile.wgsl

// Of one lane: by row of its team, and token.
alias Sums = array<array<f32, MOST_TOKENS>, MOST_ROWS>;

// Strand by strand.
var<workgroup> laneSums: array<f32, STRANDS * LANES>;

// The sum of strand `own.index` over its team. Called by all invocations together.
fn sumOverLanes(sums: ptr<function, Sums>, own: Invocation) -> f32 {
  let lane = own.index % LANES;
  let first = own.index / LANES * ROWS * TOKENS;
  for (var i = 0u; i < ROWS * TOKENS; i++) {
    laneSums[(first + i) * LANES + lane] = (*sums)[i / TOKENS][i % TOKENS];
  }
  for (var left = LANES / 2u; left > 0u; left /= 2u) {
    workgroupBarrier();
    if (lane < left) {
      for (var i = (first * LANES) + lane; i < (first + ROWS * TOKENS) * LANES; i += LANES) {
        laneSums[i] += laneSums[i + left];
      }
    }
  }
  workgroupBarrier();
  let sum = laneSums[min(own.index, STRANDS - 1u) * LANES];
  workgroupBarrier(); // before the next tile's sums come here
  return sum;
}
