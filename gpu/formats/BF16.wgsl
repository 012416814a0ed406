// BF16, the upper half of an f32. A row may begin in the middle of a word.
//                                                               Interface: families/floats.wgsl

const VALUE_BYTES = 2u;

fn fourAt(byte: u32) -> vec4<f32> {
  let first = wordAt(byte);
  let second = wordAt(byte + 4u);
  return bitcast<vec4<f32>>(
    vec4<u32>(first << 16u, first & 0xffff0000u, second << 16u, second & 0xffff0000u),
  );
}

fn oneAt(byte: u32) -> f32 {
  return bitcast<f32>((weights[byte >> 2u] >> (8u * (byte & 2u))) << 16u);
}
