// Words of a cache of f16, out of `source`, an array<u32> of the bits of f32.

// Elements in a word.
const storedPerWord = 2u;

fn wordOf(element: u32) -> u32 {
  return narrowHalf(source[element]) | (narrowHalf(source[element + 1u]) << 16u);
}
