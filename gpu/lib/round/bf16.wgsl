// Rounds the bits of an f32 to the f32 of the nearest bfloat16.
fn rounded(value: u32) -> u32 {
  return throughBrain(value);
}
