// Elements of `keys` and `values`, array<u32> of f16 in pairs.

// Elements in a word.
const cachedPerWord = 2u;

fn keyAt(element: u32) -> f32 {
  return unpack2x16float(keys[element / 2u])[element % 2u];
}

// Four keys from an even element on.
fn fourKeysAt(element: u32) -> vec4<f32> {
  let word = element / 2u;
  return vec4(unpack2x16float(keys[word]), unpack2x16float(keys[word + 1u]));
}

fn valueAt(element: u32) -> f32 {
  return unpack2x16float(values[element / 2u])[element % 2u];
}
