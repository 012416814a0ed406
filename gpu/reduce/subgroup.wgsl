// Adds the lanes of the only team, subgroup by subgroup: LANES must be WORKGROUP.

enable subgroups;
requires subgroup_id;

//#import lib/tile.wgsl

// What an invocation knows of itself.
struct Invocation {
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) place: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_subgroups) subgroups: u32,
}

// Of one lane: by row of its team, and token.
alias Sums = array<array<f32, MOST_TOKENS>, MOST_ROWS>;

// No subgroup is smaller than four.
override MOST_SUBGROUPS = WORKGROUP / 4u;

// Strand by strand.
var<workgroup> subgroupSums: array<f32, STRANDS * MOST_SUBGROUPS>;

// The sum of strand `own.index` over the workgroup. Called by all invocations together.
fn sumOverLanes(sums: ptr<function, Sums>, own: Invocation) -> f32 {
  for (var i = 0u; i < STRANDS; i++) {
    let sum = subgroupAdd((*sums)[i / TOKENS][i % TOKENS]);
    if (own.place == 0u) {
      subgroupSums[i * MOST_SUBGROUPS + own.subgroup] = sum;
    }
  }
  workgroupBarrier();
  var sum = 0.0;
  if (own.index < STRANDS) {
    for (var i = 0u; i < own.subgroups; i++) {
      sum += subgroupSums[own.index * MOST_SUBGROUPS + i];
    }
  }
  workgroupBarrier(); // before the next tile's sums come here
  return sum;
}
