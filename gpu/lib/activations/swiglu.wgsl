// silu(gate) * up, silu(x) = x / (1 + exp(-x)), as kernels/elementwise.ts.
// Source: Shazeer, arXiv:2002.05202.
fn activate(gate: f32, up: f32) -> f32 {
  return quotient(gate, 1.0 + exponential(-gate)) * up;
}
