// Writes Q8_0/Q8_1 blocks of 32 activations, byte for byte as kernels/activations.ts (ggml's
// `quantize_row_q8_0`); 12 words each:
//   0-7 i8[32], 8 f32 scale (an f16 value), 9 f32 sum term, 10 i32 sum of the quants,
//   11 i32 sum of the negative quants' magnitudes
// A block with an infinity gets an infinite scale, one with a NaN a NaN (of either sign); subnormals
// may count as 0.
//
// Eight invocations a block, four values each. The shader has `workgroupSize`, a multiple of that, and
// `encoded`, the array<u32> of its blocks.

//#import lib/doubleSingle.wgsl
//#import lib/half.wgsl
//#import lib/quants.wgsl

const ENCODED_VALUES = 32u;

// Of each invocation: its largest magnitude (as bits), later the sums of its quants.
var<workgroup> magnitudes: array<u32, workgroupSize>;
var<workgroup> sums: array<i32, workgroupSize>;
var<workgroup> negatives: array<i32, workgroupSize>;

// Encodes four values from each invocation, for block number `block` of `encoded` if there is such a
// block. Called by all invocations together.
fn encodeFour(local: u32, values: vec4<f32>, block: u32, isInside: bool) {
  let part = local % 8u;
  let leader = local - part;
  magnitudes[local] = largestMagnitude(values);
  workgroupBarrier();
  var bits = 0u;
  for (var other = leader; other < leader + 8u; other++) {
    bits = max(bits, magnitudes[other]);
  }
  let largest = bitcast<f32>(bits);
  let isFinite = bits < 0x7f800000u;
  let quants = quantsOf(values, select(quotient(127.0, largest), 0.0, bits == 0u), isFinite);
  sums[local] = sumOf(quants);
  negatives[local] = sumOfNegatives(quants);
  workgroupBarrier();

  let place = block * 12u;
  if (isInside) {
    encoded[place + part] = pack4xI8(quants);
  }
  if (isInside && part == 0u) {
    var sum = 0;
    var negative = 0;
    for (var other = leader; other < leader + 8u; other++) {
      sum += sums[other];
      negative += negatives[other];
    }
    // What is not finite stays what it is.
    let scale = select(largest, quotient(largest, 127.0), isFinite);
    let sumTerm = throughHalf(bitcast<u32>(scale * f32(sum)));
    encoded[place + 8u] = throughHalf(bitcast<u32>(scale));
    encoded[place + 9u] = select(0x7fc00000u, sumTerm, isFinite); // infinity times 0
    encoded[place + 10u] = bitcast<u32>(sum);
    encoded[place + 11u] = bitcast<u32>(negative);
  }
}
