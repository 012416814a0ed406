/** How uncertain a distribution is. */

/** Entropy in nats; impossible outcomes add nothing. */
export function entropyOf(probabilities: Float64Array): number {
  let entropy = 0;
  for (const probability of probabilities) {
    if (probability > 0) entropy -= probability * Math.log(probability);
  }
  return entropy;
}
