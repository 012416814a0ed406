// f16 and bfloat16 in integers, as kernels/half.ts rounds them: to nearest, ties to even, with
// subnormals and infinities. WGSL's pack2x16float may round in any direction and, beyond the greatest
// f16, return anything. Technique: Fabian Giesen, https://gist.github.com/rygorous/2156668.
//
// All take and return bits; those of an f32 where not said otherwise.

// The f16 nearest to an f32, in the lower 16 bits.
fn narrowHalf(value: u32) -> u32 {
  let magnitude = value & 0x7fffffffu;
  let sign = (value >> 16u) & 0x8000u;
  // Normal: add just under half of the lost bits, one more if the kept part is odd.
  let normal = (magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - 0x38000000u) >> 13u;
  // Subnormal: adding 0.5 lets the float adder shift and round; the bits are then the fraction.
  let subnormal = bitcast<u32>(bitcast<f32>(magnitude) + 0.5) - 0x3f000000u;
  let finite = select(normal, subnormal, magnitude < 0x38800000u);
  let special = select(0x7c00u, 0x7e00u, magnitude > 0x7f800000u);
  return select(finite, special, magnitude >= 0x47800000u) | sign;
}

// The f32 of an f16's bits. Exact.
fn widenHalf(half: u32) -> u32 {
  let magnitude = (half & 0x7fffu) << 13u;
  let sign = (half & 0x8000u) << 16u;
  // Infinity and NaN need the exponent 255, twice the difference of the biases above 31.
  let isSpecial = magnitude >= 0x0f800000u;
  let normal = magnitude + select(0x38000000u, 0x70000000u, isSpecial);
  // A subnormal's bits become the fraction of 2^-14 * 1.fraction; take the 1 away.
  let fraction = bitcast<f32>(magnitude + 0x38800000u) - bitcast<f32>(0x38800000u);
  return select(normal, bitcast<u32>(fraction), magnitude < 0x00800000u) | sign;
}

fn throughHalf(value: u32) -> u32 {
  return widenHalf(narrowHalf(value));
}

// The nearest bfloat16; a NaN stays one.
fn throughBrain(value: u32) -> u32 {
  let rounded = value + 0x7fffu + ((value >> 16u) & 1u);
  let isNaN = (value & 0x7fffffffu) > 0x7f800000u; // could round up into infinity
  return select(rounded, value | 0x00400000u, isNaN) & 0xffff0000u;
}
