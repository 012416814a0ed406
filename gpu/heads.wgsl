// What becomes of heads between their projections and attention, in one dispatch: queries and keys are
// normed (rmsNorm.wgsl) and rotated (rotate.wgsl) in place, keys and values put into a cache
// (remember.wgsl), with the bits of those; each only if `steps` has it.
//
//   queries, keys  f32 [tokens, heads, headSize]; heads as many as each has, or none
//   values         f32 [tokens, valueHeads, valueSize], handled as bits
//   queryGain, keyGain  f32 [headSize]
//   angles         f32 [tokens][2][rotarySize / 2]: cosines of a token's pairs, then their sines
//   keyCache, valueCache  as the cache of remember.wgsl, f16 or f32 by the choice `values`
//
// One workgroup a head of a token, which lies in workgroup memory: at most MOST_VALUES.

//#import lib/rootMeanSquare.wgsl
//#import lib/rotary.wgsl
//#import lib/half.wgsl
//#import lib/store/${values}.wgsl
//#import lib/grid.wgsl

struct Parameters {
  tokens: u32,
  queryHeads: u32,
  keyHeads: u32,
  valueHeads: u32,
  headSize: u32,
  valueSize: u32,
  // A sum of the numbers below.
  steps: u32,
  epsilon: f32,
  rotarySize: u32,
  neox: u32,
  // Of the cache, in positions; the first token goes to position `first`.
  capacity: u32,
  first: u32,
}

const NORM_QUERIES = 1u;
const ROTATE_QUERIES = 2u;
const NORM_KEYS = 4u;
const ROTATE_KEYS = 8u;

override workgroupSize: u32 = 64;

@group(0) @binding(0) var<storage, read_write> queries: array<u32>;
@group(0) @binding(1) var<storage, read_write> keys: array<u32>;
@group(0) @binding(2) var<storage, read> values: array<u32>;
@group(0) @binding(3) var<storage, read> queryGain: array<f32>;
@group(0) @binding(4) var<storage, read> keyGain: array<f32>;
@group(0) @binding(5) var<storage, read> angles: array<f32>;
@group(0) @binding(6) var<storage, read_write> keyCache: array<u32>;
@group(0) @binding(7) var<storage, read_write> valueCache: array<u32>;
@group(0) @binding(8) var<uniform> parameters: Parameters;

const MOST_VALUES = 512u;

// The bits of the head's values.
var<workgroup> source: array<u32, MOST_VALUES>;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let queryHeads = parameters.queryHeads;
  let keyEnd = queryHeads + parameters.keyHeads;
  let heads = keyEnd + parameters.valueHeads;
  let number = workgroupNumber(workgroup, counts);
  let token = number / heads;
  if (token >= parameters.tokens) {
    return;
  }
  let head = number % heads;
  let size = parameters.headSize;
  if (head < queryHeads) {
    let start = (token * queryHeads + head) * size;
    for (var column = local; column < size; column += workgroupSize) {
      source[column] = queries[start + column];
    }
    if ((parameters.steps & NORM_QUERIES) != 0u) {
      let factor = factorOf(local);
      for (var column = local; column < size; column += workgroupSize) {
        scale(column, factor, queryGain[column]);
      }
    }
    turn(local, token, (parameters.steps & ROTATE_QUERIES) != 0u);
    for (var column = local; column < size; column += workgroupSize) {
      queries[start + column] = source[column];
    }
  } else if (head < keyEnd) {
    let start = (token * parameters.keyHeads + head - queryHeads) * size;
    for (var column = local; column < size; column += workgroupSize) {
      source[column] = keys[start + column];
    }
    if ((parameters.steps & NORM_KEYS) != 0u) {
      let factor = factorOf(local);
      for (var column = local; column < size; column += workgroupSize) {
        scale(column, factor, keyGain[column]);
      }
    }
    turn(local, token, (parameters.steps & ROTATE_KEYS) != 0u);
    for (var column = local; column < size; column += workgroupSize) {
      keys[start + column] = source[column];
    }
    // Keys are stored if values are.
    if (parameters.valueHeads > 0u) {
      let words = size / storedPerWord;
      let place = rowOf(head - queryHeads, token) * words;
      for (var word = local; word < words; word += workgroupSize) {
        keyCache[place + word] = wordOf(word * storedPerWord);
      }
    }
  } else {
    let width = parameters.valueSize;
    let start = (token * parameters.valueHeads + head - keyEnd) * width;
    for (var column = local; column < width; column += workgroupSize) {
      source[column] = values[start + column];
    }
    workgroupBarrier();
    let words = width / storedPerWord;
    let place = rowOf(head - keyEnd, token) * words;
    for (var word = local; word < words; word += workgroupSize) {
      valueCache[place + word] = wordOf(word * storedPerWord);
    }
  }
}

// Of the head in workgroup memory, of which each invocation has put its own values there.
fn factorOf(local: u32) -> f32 {
  var squares = DoubleSingle();
  for (var column = local; column < parameters.headSize; column += workgroupSize) {
    let value = bitcast<f32>(source[column]);
    squares = addValue(squares, value * value);
  }
  return normFactor(local, squares, parameters.headSize, parameters.epsilon);
}

fn scale(column: u32, factor: f32, gain: f32) {
  source[column] = bitcast<u32>((bitcast<f32>(source[column]) * factor) * gain);
}

// Rotates the head, if it is to be; all invocations see it afterwards.
fn turn(local: u32, token: u32, isRotated: bool) {
  workgroupBarrier();
  let pairs = select(0u, parameters.rotarySize / 2u, isRotated);
  for (var pair = local; pair < pairs; pair += workgroupSize) {
    let places = placesOf(pair, pairs, parameters.neox != 0u);
    let angle = token * parameters.rotarySize + pair;
    let a = bitcast<f32>(source[places.x]);
    let b = bitcast<f32>(source[places.y]);
    let both = turned(a, b, angles[angle], angles[angle + pairs]);
    source[places.x] = bitcast<u32>(both.x);
    source[places.y] = bitcast<u32>(both.y);
  }
  workgroupBarrier();
}

// Where the cache has a head's row for a token.
fn rowOf(head: u32, token: u32) -> u32 {
  return head * parameters.capacity + parameters.first + token;
}
