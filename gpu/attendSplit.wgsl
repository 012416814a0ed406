// Attention over long contexts, first half: the positions that a token sees are cut into chunks, and
// each is attended to by itself; attendMerge.wgsl puts the chunks together. Inputs, choices and
// windows are those of attend.wgsl; sums are in another order, so results agree to about 1e-6. A chunk
// whose scores are all -Infinity makes the output NaN, which attend.wgsl does only if all scores are.
//
//   partial  f32 [tokens, heads, chunks, valueSize + 2]: of a chunk, the values mixed by
//            exp(score - largest), then the largest score, then the sum of the exponentials
//
// Chunk c has positions [begin + c * chunkSize, ...) of the token's window; those without a position
// give a sum of 0.
//
// One workgroup a chunk of a head of a token: x is the chunk, y the head, z the token. Eight
// neighbouring invocations share a key, so that they read neighbouring words; then each takes every
// workgroupSize-th column of the values.
// Source: Flash-Decoding, Dao et al., https://crfm.stanford.edu/2023/10/12/flashdecoding.html; the
// softmax put together from parts: Milakov and Gimelshein, arXiv:1805.02867.

//#import lib/exponential.wgsl
//#import lib/cache/${values}.wgsl

struct Parameters {
  heads: u32,
  headsPerKeyValueHead: u32,
  headSize: u32,
  valueSize: u32,
  capacity: u32,
  first: u32,
  window: u32,
  scale: f32,
  chunks: u32,
  keysOffset: u32,
  valuesOffset: u32,
}

override workgroupSize: u32 = 64;
// Positions of a chunk.
override chunkSize: u32 = 64;
// Invocations that share a key.
const sharers = 8u;

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<u32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
@group(0) @binding(4) var<uniform> parameters: Parameters;

var<workgroup> shares: array<f32, chunkSize * sharers>;
var<workgroup> scores: array<f32, chunkSize>;
var<workgroup> powers: array<f32, chunkSize>;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let head = workgroup.y;
  let row = workgroup.z * parameters.heads + head;
  let end = parameters.first + workgroup.z + 1u;
  let windowBegin = select(end - min(end, parameters.window), 0u, parameters.window == 0u);
  let begin = min(windowBegin + workgroup.x * chunkSize, end);
  let count = min(end - begin, chunkSize);
  let cacheRow = (head / parameters.headsPerKeyValueHead) * parameters.capacity + begin;
  let result = (row * parameters.chunks + workgroup.x) * (parameters.valueSize + 2u);

  let query = row * parameters.headSize;
  let firstKey = parameters.keysOffset * cachedPerWord + cacheRow * parameters.headSize;
  for (var i = local / sharers; i < count; i += workgroupSize / sharers) {
    let key = firstKey + i * parameters.headSize;
    shares[i * sharers + local % sharers] = shareOfScore(query, key, local % sharers);
  }
  workgroupBarrier();
  for (var i = local; i < count; i += workgroupSize) {
    var score = 0.0;
    for (var share = 0u; share < sharers; share++) {
      score += shares[i * sharers + share];
    }
    scores[i] = score * parameters.scale;
  }
  workgroupBarrier();
  // A chunk is short: everybody looks for the largest, which saves the barriers of a tree.
  var largest = scores[0];
  for (var i = 1u; i < count; i++) {
    largest = max(largest, scores[i]);
  }
  for (var i = local; i < count; i += workgroupSize) {
    powers[i] = exponential(scores[i] - largest);
  }
  workgroupBarrier();

  let firstValue = parameters.valuesOffset * cachedPerWord + cacheRow * parameters.valueSize;
  for (var column = local; column < parameters.valueSize; column += workgroupSize) {
    var mixed = 0.0;
    for (var i = 0u; i < count; i++) {
      mixed += valueAt(firstValue + i * parameters.valueSize + column) * powers[i];
    }
    partial[result + column] = mixed;
  }
  if (local == 0u) {
    var sum = 0.0;
    for (var i = 0u; i < count; i++) {
      sum += powers[i];
    }
    partial[result + parameters.valueSize] = largest;
    partial[result + parameters.valueSize + 1u] = sum;
  }
}

// What every eighth pair of columns adds to a score.
fn shareOfScore(query: u32, key: u32, sharer: u32) -> f32 {
  var sum = 0.0;
  for (var column = 2u * sharer; column < parameters.headSize; column += 2u * sharers) {
    sum += keyAt(key + column) * queries[query + column];
    if (column + 1u < parameters.headSize) {
      sum += keyAt(key + column + 1u) * queries[query + column + 1u];
    }
  }
  return sum;
}
