// Blocks of 32 values, four invocations to each: a share is values 4s to 4s + 3 and those 16 later,
// which many formats keep in the same bytes.
//
// Encoded input (12 words a block, see kernels/activations.ts): i8 [32], f32 scale at word 8, f32 sum
// term at word 9.
//
// A format in formats/ has
//   BLOCK_BYTES
//   quants(block, share)    two words of four i8; `block` is a byte offset
//   outer(block)            d, by which quants are multiplied, and m, which is added
//   MINIMA                  whether there is an m

requires packed_4x8_integer_dot_product;

//#import lib/unpack.wgsl
//#import formats/${format}.wgsl

const BLOCK_VALUES = 32u;
const SHARES = 4u;
const WORDS = 2u;
const ENCODED_WORDS = 12u;
const ENCODED_SCALE = 8u;
const ENCODED_SUM_TERM = 9u;

struct Share {
  quants: array<u32, 2>,
}

fn rowBytes(columns: u32) -> u32 {
  return columns / BLOCK_VALUES * BLOCK_BYTES;
}

fn shareOf(block: u32, share: u32) -> Share {
  return Share(quants(block, share));
}

fn integerSum(weights: Share, x: array<u32, 2>) -> i32 {
  return dot4I8Packed(weights.quants[0], x[0]) + dot4I8Packed(weights.quants[1], x[1]);
}

// A block's products and minima as f32, rounded as blocks.ts and simple.ts round them. `x` is the index
// of the encoded block in `input`.
fn termsOf(block: u32, x: u32, sum: i32) -> vec2<f32> {
  let factors = outer(block);
  let products = f32(sum) * (factors.x * bitcast<f32>(input[x + ENCODED_SCALE]));
  if (!MINIMA) {
    return vec2<f32>(products, 0.0);
  }
  return vec2<f32>(products, factors.y * bitcast<f32>(input[x + ENCODED_SUM_TERM]));
}

fn addTerms(total: vec2<f32>, terms: vec2<f32>) -> vec2<f32> {
  return vec2<f32>(total.x + terms.x + terms.y, 0.0);
}

fn resultOf(total: vec2<f32>) -> f32 {
  return total.x;
}

// The same for decoded weights and plain f32.
fn decodedSum(block: u32, share: u32, weights: Share, x: array<vec4<f32>, 2>) -> f32 {
  let sum = dot(vec4<f32>(unpack4xI8(weights.quants[0])), x[0])
    + dot(vec4<f32>(unpack4xI8(weights.quants[1])), x[1]);
  let factors = outer(block);
  if (!MINIMA) {
    return factors.x * sum;
  }
  return factors.x * sum + factors.y * dot(x[0] + x[1], vec4<f32>(1.0));
}

// Rows are whole blocks.
fn decodedRest(row: u32, x: u32) -> f32 {
  return 0.0;
}
