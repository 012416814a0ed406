// Sums and maxima over the invocations of a workgroup. All of its invocations must call them, with
// their own number and value, and all get the result. `workgroupSize` is a power of two.

var<workgroup> reducedHigh: array<f32, workgroupSize>;
var<workgroup> reducedLow: array<f32, workgroupSize>;

fn sumOfAll(local: u32, value: DoubleSingle) -> DoubleSingle {
  var sum = value;
  reducedHigh[local] = sum.high;
  reducedLow[local] = sum.low;
  for (var half = workgroupSize / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (local < half) {
      sum = addSums(sum, DoubleSingle(reducedHigh[local + half], reducedLow[local + half]));
      reducedHigh[local] = sum.high;
      reducedLow[local] = sum.low;
    }
  }
  return DoubleSingle(workgroupUniformLoad(&reducedHigh[0]), workgroupUniformLoad(&reducedLow[0]));
}

// Of NaN and a number either may come out.
fn largestOfAll(local: u32, value: f32) -> f32 {
  reducedHigh[local] = value;
  for (var half = workgroupSize / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (local < half) {
      reducedHigh[local] = max(reducedHigh[local], reducedHigh[local + half]);
    }
  }
  return workgroupUniformLoad(&reducedHigh[0]);
}
