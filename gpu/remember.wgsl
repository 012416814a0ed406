// Puts the keys (or values) of a batch into a cache, as f16 or f32 (choice `values`). f16 are rounded as
// kernels/half.ts rounds them: to nearest, ties to even.
//
//   source  f32 [tokens, heads, size], handled as bits
//   cache   [heads, capacity, size] from word `cacheOffset` on; token t goes to position first + t.
//           f16 lie in pairs, the first in the lower half; their `size` is even.
//
// One invocation a word of the cache.

//#import lib/half.wgsl
//#import lib/store/${values}.wgsl
//#import lib/grid.wgsl

struct Parameters {
  heads: u32,
  size: u32,
  capacity: u32,
  first: u32,
  tokens: u32,
  cacheOffset: u32,
}

override workgroupSize: u32 = 64;

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> cache: array<u32>;
@group(0) @binding(2) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let words = parameters.size / storedPerWord; // of a row
  let item = workgroupNumber(workgroup, counts) * workgroupSize + local;
  let row = item / words;
  if (row >= parameters.tokens * parameters.heads) {
    return;
  }
  let word = item % words;
  let position = parameters.first + row / parameters.heads;
  let cacheRow = (row % parameters.heads) * parameters.capacity + position;
  cache[parameters.cacheOffset + cacheRow * words + word] =
    wordOf(row * parameters.size + word * storedPerWord);
}
