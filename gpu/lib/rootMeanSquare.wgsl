// The factor that scales a row to a root mean square of 1: squares are rounded to f32 and summed at
// nearly f64's precision, the mean is rounded to f32, as in kernels/elementwise.ts.

//#import lib/doubleSingle.wgsl
//#import lib/workgroupReduce.wgsl

// `squares` is the sum of an invocation's own. Called by all invocations together.
fn normFactor(local: u32, squares: DoubleSingle, width: u32, epsilon: f32) -> f32 {
  let mean = quotientOfSum(sumOfAll(local, squares), f32(width));
  return quotient(1.0, squareRoot(mean + epsilon));
}
