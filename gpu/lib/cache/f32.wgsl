// Elements of `keys` and `values`, array<u32> of the bits of f32.

// Elements in a word.
const cachedPerWord = 1u;

fn keyAt(element: u32) -> f32 {
  return bitcast<f32>(keys[element]);
}

fn fourKeysAt(element: u32) -> vec4<f32> {
  return bitcast<vec4<f32>>(
    vec4(keys[element], keys[element + 1u], keys[element + 2u], keys[element + 3u]),
  );
}

fn valueAt(element: u32) -> f32 {
  return bitcast<f32>(values[element]);
}
