// Attention over positions alone.

fn withSink(largest: f32, head: u32) -> f32 {
  return largest;
}

fn sinkShare(largest: f32, head: u32) -> f32 {
  return 0.0;
}
