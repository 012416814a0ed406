// Rounds the bits of an f32 to the f32 of the nearest f16.
fn rounded(value: u32) -> u32 {
  return throughHalf(value);
}
