// Causal attention of a batch's queries over a cache, bit for bit as kernels/attention.ts: scores in
// the order of kernels/floats.ts, scaled; softmax with a sum at nearly f64's precision; values added
// in the order of positions. For long contexts attendSplit.wgsl is faster, in another order.
//
//   queries  f32 [tokens, heads, headSize]
//   keys     [keyValueHeads, capacity, headSize] from word `keysOffset` on, f16 or f32 by the choice
//            `values`; sizes of f16 are even
//   values   [keyValueHeads, capacity, valueSize] from word `valuesOffset` on, the same
//   scores   scratch: f32 [tokens * heads, scoresStride], a stride of at least the positions seen
//   sinks    f32 [heads], only with the choice `sinks`: on
//   output   f32 [tokens, heads, valueSize]
//   encoded  the output in blocks, by the choice `encoding` (lib/headEncoding/): heads are whole blocks
//
// Token t is at position first + t and sees the last `window` positions up to its own; 0: all. A NaN
// or +Infinity among the scores makes the output NaN.
//
// One workgroup a head of a token: x is the head, y the token. Its invocations take every
// workgroupSize-th position, then every workgroupSize-th column of the values.

//#import lib/exponential.wgsl
//#import lib/doubleSingle.wgsl
//#import lib/workgroupReduce.wgsl
//#import lib/cache/${values}.wgsl
//#import lib/sinks/${sinks}.wgsl
//#import lib/headEncoding/${encoding}.wgsl

struct Parameters {
  heads: u32,
  headsPerKeyValueHead: u32,
  headSize: u32,
  valueSize: u32,
  capacity: u32,
  first: u32,
  window: u32,
  scale: f32,
  scoresStride: u32,
  keysOffset: u32,
  valuesOffset: u32,
}

override workgroupSize: u32 = 128;

@group(0) @binding(0) var<storage, read> queries: array<f32>;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<u32>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;
@group(0) @binding(4) var<storage, read> sinks: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;
@group(0) @binding(6) var<storage, read_write> encoded: array<u32>;
@group(0) @binding(7) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let head = workgroup.x;
  let row = workgroup.y * parameters.heads + head;
  let end = parameters.first + workgroup.y + 1u;
  let begin = select(end - min(end, parameters.window), 0u, parameters.window == 0u);
  let count = end - begin;
  let cacheRow = (head / parameters.headsPerKeyValueHead) * parameters.capacity + begin;
  let firstScore = row * parameters.scoresStride;

  let query = row * parameters.headSize;
  let firstKey = parameters.keysOffset * cachedPerWord + cacheRow * parameters.headSize;
  var largest = minusInfinity();
  for (var i = local; i < count; i += workgroupSize) {
    let score = scoreOf(query, firstKey + i * parameters.headSize);
    scores[firstScore + i] = score;
    largest = max(largest, score);
  }
  largest = withSink(largestOfAll(local, largest), head);

  var sum = DoubleSingle();
  for (var i = local; i < count; i += workgroupSize) {
    let power = exponential(scores[firstScore + i] - largest);
    scores[firstScore + i] = power;
    sum = addValue(sum, power);
  }
  let total = addValue(sumOfAll(local, sum), sinkShare(largest, head));
  let factor = reciprocalOfSum(total);
  for (var i = local; i < count; i += workgroupSize) {
    scores[firstScore + i] *= factor;
  }
  storageBarrier();

  let firstValue = parameters.valuesOffset * cachedPerWord + cacheRow * parameters.valueSize;
  for (var column = local; column < parameters.valueSize; column += workgroupSize) {
    var mixed = 0.0;
    for (var i = 0u; i < count; i++) {
      let value = valueAt(firstValue + i * parameters.valueSize + column);
      mixed = mixed + value * scores[firstScore + i];
    }
    output[row * parameters.valueSize + column] = mixed;
  }
  encodeHead(local, row * parameters.valueSize, parameters.valueSize);
}

// WGSL has no literal for it, and takes none for a constant.
fn minusInfinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}

// The scaled score of the key from element `key` on.
fn scoreOf(query: u32, key: u32) -> f32 {
  let whole = parameters.headSize & ~3u;
  var sums = vec4<f32>();
  for (var column = 0u; column < whole; column += 4u) {
    let at = query + column;
    let four = vec4(queries[at], queries[at + 1u], queries[at + 2u], queries[at + 3u]);
    sums = sums + fourKeysAt(key + column) * four;
  }
  var score = (sums.x + sums.z) + (sums.y + sums.w);
  for (var column = whole; column < parameters.headSize; column++) {
    score = score + keyAt(key + column) * queries[query + column];
  }
  return score * parameters.scale;
}
