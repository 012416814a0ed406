// Words of a cache of f32, out of `source`, an array<u32> of the bits of f32.

// Elements in a word.
const storedPerWord = 1u;

fn wordOf(element: u32) -> u32 {
  return source[element];
}
