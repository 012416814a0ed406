// Writes Q8_K superblocks of 256 activations, byte for byte as kernels/activations.ts (ggml's
// `quantize_row_q8_K`); 84 words each:
//   0-63 i8[256], 64-71 i16 sums of 16 quants [16], 72-75 i16 sums of 32 quants [8],
//   76-79 i16 sums of the magnitudes of the negative among 32 quants [8], 80 f32 scale, 81-83 zero
// A superblock with an infinity gets an infinite scale, one with a NaN a NaN (of either sign);
// subnormals may count as 0.
//
// Sixty-four invocations a superblock, four values each. The shader has `workgroupSize`, a multiple of
// that, and `encoded`, the array<u32> of its superblocks.

//#import lib/doubleSingle.wgsl
//#import lib/quants.wgsl

const ENCODED_VALUES = 256u;

// Of each invocation: the bits of its first value of largest magnitude, later the sums of its quants.
var<workgroup> extremes: array<u32, workgroupSize>;
var<workgroup> sums: array<i32, workgroupSize>;
var<workgroup> negatives: array<i32, workgroupSize>;

// Encodes four values from each invocation, for superblock number `block` of `encoded` if there is such
// a superblock. Called by all invocations together.
fn encodeFour(local: u32, values: vec4<f32>, block: u32, isInside: bool) {
  let part = local % 64u;
  let leader = local - part;
  extremes[local] = firstOfLargest(values);
  workgroupBarrier();
  let extreme = extremeOf(leader);
  let bits = bitcast<u32>(extreme) & 0x7fffffffu;
  let isZero = bits == 0u;
  let isFinite = bits < 0x7f800000u;
  // The extreme value becomes -127.
  let inverse = select(quotient(-127.0, extreme), 0.0, isZero);
  let quants = quantsOf(values, inverse, isFinite);
  sums[local] = sumOf(quants);
  negatives[local] = sumOfNegatives(quants);
  workgroupBarrier();

  if (!isInside) {
    return;
  }
  let place = block * 84u;
  encoded[place + part] = pack4xI8(quants);
  if (part < 8u) {
    let first = leader + 8u * part;
    encoded[place + 64u + part] = pairOf(sumOfSums(first, 4u), sumOfSums(first + 4u, 4u));
  } else if (part < 12u) {
    let first = leader + 16u * (part - 8u);
    encoded[place + 64u + part] = pairOf(sumOfSums(first, 8u), sumOfSums(first + 8u, 8u));
  } else if (part < 16u) {
    let first = leader + 16u * (part - 12u);
    encoded[place + 64u + part] = pairOf(sumOfNegativeSums(first), sumOfNegativeSums(first + 8u));
  } else if (part == 16u) {
    // 1 / (-127 / extreme); of an infinity that is infinite with the other sign.
    let scale = select(-extreme, quotient(1.0, inverse), isFinite);
    encoded[place + 80u] = select(bitcast<u32>(scale), 0u, isZero);
  } else if (part < 20u) {
    encoded[place + 64u + part] = 0u;
  }
}

// The bits of the first of four values that has the largest magnitude.
fn firstOfLargest(values: vec4<f32>) -> u32 {
  let bits = bitcast<vec4<u32>>(values);
  var largest = bits.x;
  for (var i = 1u; i < 4u; i++) {
    if ((bits[i] & 0x7fffffffu) > (largest & 0x7fffffffu)) {
      largest = bits[i];
    }
  }
  return largest;
}

// The first value of largest magnitude of a superblock, with its sign; NaN if there is one.
fn extremeOf(leader: u32) -> f32 {
  var largest = extremes[leader];
  for (var other = leader + 1u; other < leader + 64u; other++) {
    if ((extremes[other] & 0x7fffffffu) > (largest & 0x7fffffffu)) {
      largest = extremes[other];
    }
  }
  return bitcast<f32>(largest);
}

fn sumOfSums(first: u32, count: u32) -> i32 {
  var sum = 0;
  for (var i = first; i < first + count; i++) {
    sum += sums[i];
  }
  return sum;
}

fn sumOfNegativeSums(first: u32) -> i32 {
  var sum = 0;
  for (var i = first; i < first + 8u; i++) {
    sum += negatives[i];
  }
  return sum;
}

// Two i16, the first in the lower half.
fn pairOf(first: i32, second: i32) -> u32 {
  return (bitcast<u32>(first) & 0xffffu) | (bitcast<u32>(second) << 16u);
}
