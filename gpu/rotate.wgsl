// Rotary position embedding (lib/rotary.wgsl), in place, on the first `rotarySize` values of every
// head.
//
//   x       f32 [tokens, heads, headSize]
//   angles  f32 [tokens][2][rotarySize / 2]: the cosines of a token's pairs, then their sines
//
// One invocation a pair. Pairs are neighbours, or with `neox` rotarySize / 2 apart.

//#import lib/grid.wgsl
//#import lib/rotary.wgsl

struct Parameters {
  headSize: u32,
  rotarySize: u32,
  heads: u32,
  tokens: u32,
  neox: u32,
}

override workgroupSize: u32 = 64;

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read> angles: array<f32>;
@group(0) @binding(2) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let pairs = parameters.rotarySize / 2u;
  let item = workgroupNumber(workgroup, counts) * workgroupSize + local;
  let head = item / pairs; // of all tokens
  if (head >= parameters.heads * parameters.tokens) {
    return;
  }
  let pair = item % pairs;
  let places = head * parameters.headSize + placesOf(pair, pairs, parameters.neox != 0u);
  let angle = (head / parameters.heads) * parameters.rotarySize + pair;
  let both = turned(x[places.x], x[places.y], angles[angle], angles[angle + pairs]);
  x[places.x] = both.x;
  x[places.y] = both.y;
}
