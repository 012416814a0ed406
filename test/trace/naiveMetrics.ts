/** The metrics once more, as their definitions read, with plain lists and no cleverness. */
import type { RoutingTrace } from "../../src/trace/routingTrace.ts";
import type { Phase } from "../../src/trace/traceRecord.ts";

/** One token in one layer. */
export interface Choice {
  readonly sequence: number;
  readonly layer: number;
  readonly experts: readonly number[];
}

function choicesOf(trace: RoutingTrace, layer: number): Choice[] {
  const { expertsPerToken } = trace.header;
  const choices: Choice[] = [];
  for (const record of trace) {
    if (record.layer !== layer) continue;
    for (let token = 0; token < record.tokens; token++) {
      const begin = token * expertsPerToken;
      const experts = [...record.experts.slice(begin, begin + expertsPerToken)];
      choices.push({ sequence: record.sequence, layer, experts });
    }
  }
  return choices;
}

export function allChoices(trace: RoutingTrace): Choice[][] {
  return Array.from({ length: trace.header.layerCount }, (_, layer) => choicesOf(trace, layer));
}

function bySequence(choices: readonly Choice[]): Choice[][] {
  const sequences = [...new Set(choices.map(({ sequence }) => sequence))];
  return sequences.map((one) => choices.filter(({ sequence }) => sequence === one));
}

/** The best F1 over all thresholds, from the list of all counts. */
export function naiveSegmentRouting(trace: RoutingTrace, m: number) {
  const counts: number[] = [];
  for (const choices of allChoices(trace).flatMap(bySequence)) {
    for (let begin = 0; begin + m <= choices.length; begin++) {
      const segment = choices.slice(begin, begin + m);
      for (let expert = 0; expert < trace.header.expertsPerLayer; expert++) {
        counts.push(segment.filter(({ experts }) => experts.includes(expert)).length);
      }
    }
  }
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const all = sum(counts);
  if (all === 0) return undefined;
  const options = Array.from({ length: m + 1 }, (_, t) => {
    const kept = counts.filter((count) => count >= t);
    const performance = (2 * sum(kept)) / (m * kept.length + all);
    return { performance, threshold: t, groupRatio: (m * kept.length) / all };
  });
  return options.reduce((best, one) => (one.performance > best.performance ? one : best));
}

export function naiveSegmentCache(trace: RoutingTrace, m: number, ratio: number): number {
  let [hits, uses] = [0, 0];
  const slots = Math.max(1, Math.round(ratio * trace.header.expertsPerToken));
  for (const choices of allChoices(trace)) {
    /** Last used first. */
    let recent: number[] = [];
    let resident: number[] = [];
    choices.forEach(({ experts }, token) => {
      uses += experts.length;
      hits += experts.filter((expert) => resident.includes(expert)).length;
      recent = [...experts, ...recent.filter((expert) => !experts.includes(expert))];
      const next = choices.slice(token + 1, token + 1 + m).flatMap((choice) => choice.experts);
      const futureUses = (expert: number) => next.filter((one) => one === expert).length;
      resident = recent
        .filter((expert) => resident.includes(expert) || experts.includes(expert))
        .sort((a, b) => futureUses(b) - futureUses(a) || recent.indexOf(a) - recent.indexOf(b))
        .slice(0, slots);
    });
  }
  return uses === 0 ? 0 : hits / uses;
}

/** `undefined` for first uses. */
export function naiveReuseInTokens(trace: RoutingTrace): (number | undefined)[] {
  return allChoices(trace).flatMap((choices) =>
    choices.flatMap(({ experts }, token) =>
      experts.map((expert) => {
        const last = choices.slice(0, token).findLastIndex((one) => one.experts.includes(expert));
        return last < 0 ? undefined : token - last;
      }),
    ),
  );
}

export function naiveReuseInExperts(trace: RoutingTrace, phase?: Phase): (number | undefined)[] {
  const accesses = [...trace].flatMap((record) =>
    [...new Set(record.experts)].map((expert) => ({
      key: `${record.layer}/${expert}`,
      isCounted: phase === undefined || record.phase === phase,
    })),
  );
  const keys = accesses.map(({ key }) => key);
  return accesses.flatMap(({ key, isCounted }, time) => {
    if (!isCounted) return [];
    const last = keys.slice(0, time).lastIndexOf(key);
    return [last < 0 ? undefined : new Set(keys.slice(last + 1, time)).size];
  });
}

export function naiveGini(uses: readonly number[]): number {
  const sum = uses.reduce((a, b) => a + b, 0);
  if (sum === 0) return 0;
  const differences = uses.flatMap((a) => uses.map((b) => Math.abs(a - b)));
  return differences.reduce((a, b) => a + b, 0) / (2 * uses.length * sum);
}

/** By layer, then token in order of the sequences. */
export function naiveTokenHeat(trace: RoutingTrace, window: number): number[][] {
  return allChoices(trace).map((choices) =>
    choices.map((choice, token) => {
      const before = choices.slice(0, token).filter((one) => one.sequence === choice.sequence);
      const recent = before.slice(-window).flatMap(({ experts }) => experts);
      const warm = choice.experts.filter((expert) => recent.includes(expert));
      return warm.length / choice.experts.length;
    }),
  );
}
