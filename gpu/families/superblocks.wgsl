// Superblocks of 256 values, eight invocations to each: a share is values 32k + 4s to 32k + 4s + 3
// for k = 0 to 7, so that neighbours read neighbouring words, and each bit of a block is read once.
//
// Encoded input (84 words a block, see kernels/activations.ts): i8 [256], i16 sums of 16 [16] at word
// 64, f32 scale at word 80.
//
// A format in formats/ has
//   BLOCK_BYTES
//   quants(block, share)    its 8 words of four i8; `block` is a byte offset
//   scales(block, share)    the integer that each word is to be multiplied by
//   outer(block)            d and dmin
//   MINIMA, minima(block, share)    whether there are minima, and the integer of each word

requires packed_4x8_integer_dot_product;

//#import lib/unpack.wgsl
//#import formats/${format}.wgsl

const BLOCK_VALUES = 256u;
const SHARES = 8u;
const WORDS = 8u;
const ENCODED_WORDS = 84u;
const ENCODED_SUMS = 64u;
const ENCODED_SCALE = 80u;

struct Share {
  quants: array<u32, 8>,
  factors: array<i32, 8>,
}

fn rowBytes(columns: u32) -> u32 {
  return columns / BLOCK_VALUES * BLOCK_BYTES;
}

fn shareOf(block: u32, share: u32) -> Share {
  return Share(quants(block, share), scales(block, share));
}

fn integerSum(weights: Share, x: array<u32, 8>) -> i32 {
  var sum = 0i;
  for (var k = 0u; k < 8u; k++) {
    sum += weights.factors[k] * dot4I8Packed(weights.quants[k], x[k]);
  }
  return sum;
}

// A block's products and minima as f32, rounded as superblocks.ts rounds them. `x` is the index of the
// encoded block in `input`.
fn termsOf(block: u32, x: u32, sum: i32) -> vec2<f32> {
  let factors = outer(block) * bitcast<f32>(input[x + ENCODED_SCALE]);
  if (!MINIMA) {
    return vec2<f32>(f32(sum) * factors.x, 0.0);
  }
  let first = minima(block, 0u);
  let second = minima(block, 4u);
  var minimum = 0i;
  for (var k = 0u; k < 8u; k++) {
    let sums = bitcast<i32>(input[x + ENCODED_SUMS + k]);
    minimum += first[k] * extractBits(sums, 0u, 16u) + second[k] * extractBits(sums, 16u, 16u);
  }
  return vec2<f32>(f32(sum), f32(minimum)) * factors;
}

fn addTerms(total: vec2<f32>, terms: vec2<f32>) -> vec2<f32> {
  return total + terms;
}

fn resultOf(total: vec2<f32>) -> f32 {
  return total.x - total.y;
}

// The same for decoded weights and plain f32.
fn decodedSum(block: u32, share: u32, weights: Share, x: array<vec4<f32>, 8>) -> f32 {
  var sum = 0.0;
  for (var k = 0u; k < 8u; k++) {
    let values = vec4<f32>(unpack4xI8(weights.quants[k]));
    sum += f32(weights.factors[k]) * dot(values, x[k]);
  }
  let factors = outer(block);
  if (!MINIMA) {
    return factors.x * sum;
  }
  let offsets = minima(block, share);
  var minimum = 0.0;
  for (var k = 0u; k < 8u; k++) {
    minimum += f32(offsets[k]) * dot(x[k], vec4<f32>(1.0));
  }
  return factors.x * sum - factors.y * minimum;
}

// Rows are whole blocks.
fn decodedRest(row: u32, x: u32) -> f32 {
  return 0.0;
}
