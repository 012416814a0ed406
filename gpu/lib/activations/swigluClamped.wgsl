// The clamped SwiGLU of gpt-oss: with g = min(gate, limit) and u = up within the limit on both sides,
// g / (1 + exp(alpha * -g)) * (u + 1). Source: ggml's `ggml_swiglu_oai`.
override activationAlpha: f32 = 1.702;
override activationLimit: f32 = 7.0;

fn activate(gate: f32, up: f32) -> f32 {
  // Comparisons, not min and max, which may lose a NaN.
  let g = select(gate, activationLimit, gate > activationLimit);
  let raised = select(up, -activationLimit, up < -activationLimit);
  let u = select(raised, activationLimit, raised > activationLimit);
  return quotient(g, 1.0 + exponential(activationAlpha * -g)) * (u + 1.0);
}
