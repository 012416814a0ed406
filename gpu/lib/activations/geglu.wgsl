// gelu(gate) * up in the tanh form, 0.5 x (1 + tanh(v)) with v = sqrt(2 / pi) (x + 0.044715 x^3); by
// exponentials that is x / (1 + exp(-2 v)). Source: Hendrycks and Gimpel, arXiv:1606.08415.
fn activate(gate: f32, up: f32) -> f32 {
  let v = 0.7978845608028654 * gate * (1.0 + 0.044715 * gate * gate);
  return quotient(gate, 1.0 + exponential(-2.0 * v)) * up;
}
