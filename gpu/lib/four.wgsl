// Four neighbours of `x`, an array<f32>.

fn fourOf(start: u32) -> vec4<f32> {
  return vec4(x[start], x[start + 1u], x[start + 2u], x[start + 3u]);
}
