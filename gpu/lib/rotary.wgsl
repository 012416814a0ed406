// Rotary position embedding of one pair (a, b), as kernels/rotary.ts. Source: Su et al.,
// arXiv:2104.09864.

// (a cos - b sin, a sin + b cos)
fn turned(a: f32, b: f32, cosine: f32, sine: f32) -> vec2<f32> {
  return vec2<f32>(a * cosine - b * sine, a * sine + b * cosine);
}

// The places of a pair in its head: neighbours, or with `isNeox` as far apart as there are pairs.
fn placesOf(pair: u32, pairs: u32, isNeox: bool) -> vec2<u32> {
  let first = select(2u * pair, pair, isNeox);
  return vec2<u32>(first, first + select(1u, pairs, isNeox));
}
