/**
 * DRY ("don't repeat yourself"): makes a token the less likely, the longer the passage it would
 * repeat. Unlike the penalties it leaves single words alone.
 *
 * Sources: p-e-w, https://github.com/oobabooga/text-generation-webui/pull/5677; in detail as
 * llama.cpp has it (`llama_sampler_dry_apply`); the Z-algorithm: Gusfield, Algorithms on Strings,
 * Trees and Sequences, section 1.4.
 *
 * Example, with the newest token last: in "a b c c b c y a b c", "a b c" stood before and c came
 * next, so another c would make a repeat of 3 longer; a b would make one of 1 (c) longer, and a y
 * one of 2 (b c).
 */
import type { Stage } from "./candidates.ts";
import type { TokenSequences } from "./dryBreakers.ts";
import { recentTokens } from "./history.ts";

export interface DrySettings {
  /** The penalty of a token that makes a repeat of the allowed length longer. */
  readonly dryMultiplier: number;
  /** The factor by which the penalty grows with each token more; at least 1. */
  readonly dryBase: number;
  /** Shorter repeats may grow for nothing. */
  readonly dryAllowedLength: number;
  /** How many tokens of the past are searched; -1 is all of them. */
  readonly dryPenaltyLastN: number;
}

/**
 * @param history prompt and generated tokens, read anew for each token
 * @param breakers no repeat reaches back across one; single tokens among them get no penalty
 */
export function dry(
  settings: DrySettings,
  history: readonly number[],
  breakers: TokenSequences,
): Stage {
  const { dryMultiplier, dryBase, dryAllowedLength, dryPenaltyLastN } = settings;
  return (candidates) => {
    const newestFirst = recentTokens(history, dryPenaltyLastN).toReversed();
    const longest = lengthSinceBreaker(newestFirst, breakers);
    const repeats = repeatsByNextToken(newestFirst, longest, dryAllowedLength);
    if (repeats.size === 0) return;

    const { tokens, size } = candidates;
    for (let i = 0; i < size; i++) {
      const token = tokens[i]!;
      const length = repeats.get(token);
      if (length === undefined || isBreaker(token, breakers)) continue;
      candidates.lower(i, dryMultiplier * dryBase ** (length - dryAllowedLength));
    }
  };
}

/** How many tokens came after the latest breaker, or how many there are. */
function lengthSinceBreaker(newestFirst: readonly number[], breakers: TokenSequences): number {
  for (const [age, token] of newestFirst.entries()) {
    const matches = (breakers.get(token) ?? []).filter((tail) =>
      tail.every((expected, i) => newestFirst[age - 1 - i] === expected),
    );
    if (matches.length > 0) return age - Math.max(...matches.map((tail) => tail.length));
  }
  return newestFirst.length;
}

function isBreaker(token: number, breakers: TokenSequences): boolean {
  return breakers.get(token)?.some((tail) => tail.length === 0) ?? false;
}

/**
 * For each token that would continue a repeat: how long that is so far, at most `longest`. Repeats
 * shorter than `shortest` are left out.
 */
function repeatsByNextToken(
  newestFirst: readonly number[],
  longest: number,
  shortest: number,
): Map<number, number> {
  const repeats = new Map<number, number>();
  const lengths = zFunction(newestFirst);
  for (let age = 1; age < newestFirst.length; age++) {
    const length = Math.min(lengths[age]!, longest);
    // The passage ends `age` tokens before the newest: what followed it is one token younger.
    const next = newestFirst[age - 1]!;
    if (length >= shortest && length > (repeats.get(next) ?? -1)) repeats.set(next, length);
  }
  return repeats;
}

/**
 * How many items from each position on equal those from the start on; in linear time, because what
 * lies inside the furthest match found so far (`left` to `right`) is known from its twin at the start.
 */
function zFunction(items: readonly number[]): Int32Array {
  const lengths = new Int32Array(items.length);
  let left = 0;
  let right = 0; // first position after the match
  for (let i = 1; i < items.length; i++) {
    let length = i < right ? Math.min(lengths[i - left]!, right - i) : 0;
    while (i + length < items.length && items[i + length] === items[length]) length++;
    lengths[i] = length;
    if (i + length > right) {
      left = i;
      right = i + length;
    }
  }
  return lengths;
}
