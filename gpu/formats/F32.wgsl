// F32.                                                          Interface: families/floats.wgsl

const VALUE_BYTES = 4u;

fn fourAt(byte: u32) -> vec4<f32> {
  let first = byte >> 2u;
  return bitcast<vec4<f32>>(
    vec4<u32>(weights[first], weights[first + 1u], weights[first + 2u], weights[first + 3u]),
  );
}

fn oneAt(byte: u32) -> f32 {
  return bitcast<f32>(weights[byte >> 2u]);
}
