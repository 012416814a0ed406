// A head's sink takes part in the softmax like the score of one more position, without a value: it
// only makes the other weights smaller. Its score is not scaled. `sinks` is f32 [heads].
// Source: Xiao et al., arXiv:2309.17453, as gpt-oss learns them.

// The largest score with the sink's.
fn withSink(largest: f32, head: u32) -> f32 {
  return max(largest, sinks[head]);
}

// What the sink adds to the sum of the exponentials.
fn sinkShare(largest: f32, head: u32) -> f32 {
  return exponential(sinks[head] - largest);
}
