/**
 * Sampling as the papers tell it, for the tests: sort everything, keep a prefix, use plain arrays
 * and 64-bit numbers throughout. `isClose...` tell where a cut is decided by rounding alone, so that
 * either answer is right.
 */
export interface Odds {
  readonly token: number;
  readonly logit: number;
  readonly probability: number;
}

/** Best first; of equal logits the lower token first. Masked tokens are left out. */
export function oddsOf(logits: ArrayLike<number>): Odds[] {
  const entries = Array.from(logits, (logit, token) => ({ token, logit }));
  return normalised(entries.filter(({ logit }) => logit !== -Infinity));
}

export function naiveTopK(odds: Odds[], count: number): Odds[] {
  return normalised(odds.slice(0, count));
}

export function naiveTopP(odds: Odds[], mass: number): Odds[] {
  const count = odds.findIndex((_, i) => total(odds.slice(0, i + 1)) >= mass);
  return count < 0 ? odds : normalised(odds.slice(0, count + 1));
}

export function naiveMinP(odds: Odds[], share: number): Odds[] {
  return normalised(odds.filter(({ probability }) => probability >= share * odds[0]!.probability));
}

export function naiveTemperature(odds: Odds[], divisor: number): Odds[] {
  return normalised(odds.map(({ token, logit }) => ({ token, logit: logit / divisor })));
}

/** True where rounding may move the cut of `naiveTopP`. */
export function isCloseTopP(odds: Odds[], mass: number): boolean {
  return odds.some((_, i) => isNear(total(odds.slice(0, i + 1)), mass));
}

/** True where rounding may move the cut of `naiveMinP`; equal to the maximum is never in doubt. */
export function isCloseMinP(odds: Odds[], share: number): boolean {
  const { logit: best, probability: most } = odds[0]!;
  return odds.some(({ logit, probability }) => logit < best && isNear(probability, share * most));
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-6; // the tests' tolerance of a probability
}

function total(odds: Odds[]): number {
  return odds.reduce((sum, { probability }) => sum + probability, 0);
}

function normalised(entries: { token: number; logit: number }[]): Odds[] {
  const sorted = entries.toSorted((a, b) => b.logit - a.logit || a.token - b.token);
  const weights = sorted.map(({ logit }) => Math.exp(logit - sorted[0]!.logit));
  const sum = weights.reduce((a, b) => a + b, 0);
  return sorted.map((entry, i) => ({ ...entry, probability: weights[i]! / sum }));
}
