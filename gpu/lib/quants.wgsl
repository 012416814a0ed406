// Four activations at a time, on their way to signed bytes.

// As bits, in which a NaN is larger than everything.
fn largestMagnitude(values: vec4<f32>) -> u32 {
  let bits = bitcast<vec4<u32>>(values) & vec4(0x7fffffffu);
  return max(max(bits.x, bits.y), max(bits.z, bits.w));
}

// Nearest, ties to even. Rounding can reach 128 only for the value that set the scale; that becomes
// 127. In a block that is not finite all are 0.
fn quantsOf(values: vec4<f32>, inverse: f32, isFinite: bool) -> vec4<i32> {
  // 0 stays 0 where so small a scale makes the inverse infinite.
  let scaled = select(values * inverse, vec4<f32>(), values == vec4<f32>());
  let quants = vec4<i32>(clamp(round(scaled), vec4(-128.0), vec4(127.0)));
  return select(vec4<i32>(), quants, isFinite);
}

fn sumOf(quants: vec4<i32>) -> i32 {
  return (quants.x + quants.y) + (quants.z + quants.w);
}

// Of the magnitudes of those below 0.
fn sumOfNegatives(quants: vec4<i32>) -> i32 {
  return -sumOf(min(quants, vec4<i32>()));
}
