// Numbers as the sum of two f32, for sums that the CPU makes in f64: about 48 bits, so that rounded
// to f32 they agree but for one in very many. And quotients and roots that are rounded correctly
// where the adapter's own may be off by a few units (WGSL allows 2.5).
//
// Sources: Knuth, The Art of Computer Programming, volume 2, section 4.2.2 (the error of a sum);
// Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik
// 18, 1971 (that of a product). No step is spoilt by a compiler that fuses products with sums, for
// the only products that are added to something are exact.

// `high + low`; `low` is small, but need not be below half a unit of `high`.
struct DoubleSingle {
  high: f32,
  low: f32,
}

// a + b, exactly.
fn exactSum(a: f32, b: f32) -> DoubleSingle {
  let sum = a + b;
  let partOfB = sum - a;
  let partOfA = sum - partOfB;
  return DoubleSingle(sum, (a - partOfA) + (b - partOfB));
}

// a * b, exactly while the parts stay above 2^-126 and below 2^128.
fn exactProduct(a: f32, b: f32) -> DoubleSingle {
  let product = a * b;
  // Twelve bits each, cut by mask: their products have 24 bits at most.
  let highA = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let highB = bitcast<f32>(bitcast<u32>(b) & 0xfffff000u);
  let lowA = a - highA;
  let lowB = b - highB;
  let error = (((highA * highB - product) + highA * lowB) + lowA * highB) + lowA * lowB;
  return DoubleSingle(product, error);
}

fn addValue(sum: DoubleSingle, value: f32) -> DoubleSingle {
  let next = exactSum(sum.high, value);
  return DoubleSingle(next.high, sum.low + next.low);
}

fn addSums(a: DoubleSingle, b: DoubleSingle) -> DoubleSingle {
  let next = exactSum(a.high, b.high);
  return DoubleSingle(next.high, (a.low + b.low) + next.low);
}

// sum / divisor, rounded to f32.
fn quotientOfSum(sum: DoubleSingle, divisor: f32) -> f32 {
  let dividend = exactSum(sum.high, sum.low);
  let guess = dividend.high / divisor;
  let product = exactProduct(guess, divisor);
  let rest = ((dividend.high - product.high) - product.low) + dividend.low;
  return guess + rest / divisor;
}

// 1 / sum, rounded to f32.
fn reciprocalOfSum(sum: DoubleSingle) -> f32 {
  let divisor = exactSum(sum.high, sum.low);
  let guess = 1.0 / divisor.high;
  let product = exactProduct(guess, divisor.high);
  let rest = ((1.0 - product.high) - product.low) - guess * divisor.low;
  return guess + rest / divisor.high;
}

// Below this a product's error may be lost; above it, and below its reciprocal, it is not.
const leastSafe = 1e-25;
const greatestSafe = 1e25;

fn isSafe(x: f32) -> bool {
  return abs(x) > leastSafe && abs(x) < greatestSafe;
}

// a / b, rounded correctly; for numbers of extreme magnitude as the adapter divides.
fn quotient(a: f32, b: f32) -> f32 {
  let guess = a / b;
  let product = exactProduct(guess, b);
  let better = guess + ((a - product.high) - product.low) / b;
  return select(guess, better, isSafe(a) && isSafe(b) && isSafe(guess));
}

// The square root of a, rounded correctly; for numbers of extreme magnitude as the adapter has it.
fn squareRoot(a: f32) -> f32 {
  let guess = sqrt(a);
  let square = exactProduct(guess, guess);
  let better = guess + ((a - square.high) - square.low) / (2.0 * guess);
  return select(guess, better, isSafe(a));
}
