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

export function naiveTypicalP(odds: Odds[], mass: number): Odds[] {
  const sorted = byTypicality(odds);
  const count = sorted.findIndex((_, i) => total(sorted.slice(0, i + 1)) > mass);
  return count < 0 ? odds : normalised(sorted.slice(0, count + 1));
}

/** What XTC leaves when chance has it act. */
export function naiveXtc(odds: Odds[], threshold: number): Odds[] {
  const choices = odds.filter(({ probability }) => probability >= threshold).length;
  return normalised(odds.slice(Math.max(0, choices - 1)));
}

export function naiveTopNSigma(odds: Odds[], n: number): Odds[] {
  return normalised(odds.filter(({ logit }) => logit >= sigmaCut(odds, n)));
}

export function naiveDynamicTemperature(
  odds: Odds[],
  { temperature, range, exponent }: { temperature: number; range: number; exponent: number },
): Odds[] {
  if (odds.length < 2) return odds;
  const least = Math.max(0, temperature - range);
  const share = entropy(odds) / Math.log(odds.length);
  const divisor = least + (temperature + range - least) * share ** exponent;
  return divisor === 0 ? naiveTopK(odds, 1) : naiveTemperature(odds, divisor);
}

export function naivePenalties(
  odds: Odds[],
  recent: readonly number[],
  { repeat, frequency, presence }: { repeat: number; frequency: number; presence: number },
): Odds[] {
  return normalised(
    odds.map(({ token, logit }) => {
      const count = recent.filter((one) => one === token).length;
      if (count === 0) return { token, logit };
      const repeated = logit > 0 ? logit / repeat : logit * repeat;
      return { token, logit: repeated - count * frequency - presence };
    }),
  );
}

/**
 * For each token that would go on with a repeat, the length of the longest one: every earlier end is
 * compared with the text's end, token by token.
 */
export function naiveRepeats(recent: readonly number[], longest: number): Map<number, number> {
  const repeats = new Map<number, number>();
  for (let end = recent.length - 1; end > 0; end--) {
    let length = 0;
    while (
      length < Math.min(longest, end) &&
      recent[end - 1 - length] === recent[recent.length - 1 - length]
    ) {
      length++;
    }
    const next = recent[end]!;
    repeats.set(next, Math.max(length, repeats.get(next) ?? 0));
  }
  return repeats;
}

/** True where rounding may change what `naiveTypicalP` keeps. */
export function isCloseTypicalP(odds: Odds[], mass: number): boolean {
  const sorted = byTypicality(odds);
  const expected = entropy(odds);
  const isTie = sorted.some((one, i) => {
    const next = sorted[i + 1];
    return (
      next !== undefined &&
      next.logit !== one.logit &&
      isNear(strangeness(one, expected), strangeness(next, expected))
    );
  });
  return isTie || sorted.some((_, i) => isNear(total(sorted.slice(0, i + 1)), mass));
}

/** True where rounding may change what `naiveXtc` keeps. */
export function isCloseXtc(odds: Odds[], threshold: number): boolean {
  return odds.some(({ probability }) => isNear(probability, threshold));
}

/** True where rounding may change what `naiveTopNSigma` keeps. */
export function isCloseTopNSigma(odds: Odds[], n: number): boolean {
  return odds.some(({ logit }) => logit < odds[0]!.logit && isNear(logit, sigmaCut(odds, n)));
}

function sigmaCut(odds: Odds[], n: number): number {
  const mean = odds.reduce((sum, { logit }) => sum + logit, 0) / odds.length;
  const variance = odds.reduce((sum, { logit }) => sum + (logit - mean) ** 2, 0) / odds.length;
  return odds[0]!.logit - n * Math.sqrt(variance);
}

function byTypicality(odds: Odds[]): Odds[] {
  const expected = entropy(odds);
  return odds.toSorted((a, b) => strangeness(a, expected) - strangeness(b, expected));
}

/** How far a token's surprise is from the expected one. */
function strangeness({ probability }: Odds, expected: number): number {
  return Math.abs(-Math.log(probability) - expected);
}

function entropy(odds: Odds[]): number {
  return odds.reduce((sum, { probability: p }) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
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
