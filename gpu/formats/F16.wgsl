// F16. A row may begin in the middle of a word.                 Interface: families/floats.wgsl

const VALUE_BYTES = 2u;

fn fourAt(byte: u32) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(wordAt(byte)), unpack2x16float(wordAt(byte + 4u)));
}

fn oneAt(byte: u32) -> f32 {
  return halfAt(byte);
}
