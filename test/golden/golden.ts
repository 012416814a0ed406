/**
 * Golden files: what llama.cpp computed on tiny models, and the comparison with what we compute.
 * A failure names the first layer whose residual stream is off.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { LanguageModel, OpenOptions } from "../../src/generation/languageModel.ts";
import { openModel } from "../../src/generation/languageModel.ts";
import type { LayerEvent, RoutingEvent } from "../../src/support/events.ts";
import { subscribe } from "../../src/support/events.ts";
import { type Tie, watchTies } from "./roundingTies.ts";

/** Largest differences allowed, and why. */
export const tolerance = {
  /** f32 sums in another order than ggml's: numpy in f32 measured 2.4e-5. */
  logits: 1e-4,
  weights: 1e-5,
  /** Residual streams, relative to their largest value. */
  layer: 1e-4,
} as const;

interface Block {
  readonly offset: number;
  readonly shape: readonly number[];
}

interface Reference {
  readonly logits: Block;
  readonly logits_first_position: number;
  readonly greedy?: readonly number[];
  readonly l_out_last_prompt_pos: Block;
  readonly l_out_last_pos: Block;
  readonly routing: readonly {
    readonly layer: number;
    readonly experts: readonly (readonly number[])[];
    readonly weights: readonly (readonly number[])[];
  }[];
}

interface Run {
  readonly name: string;
  readonly prompt: readonly number[];
  readonly fed_tokens_after_prompt: readonly number[];
  readonly f32act?: Reference;
  readonly native: Reference;
  /** An object where llama.cpp's own builds and an emulation agree; a sentence where they do not. */
  readonly native_stability?: object | string;
}

interface Expected {
  readonly model: string;
  readonly arch: string;
  readonly tensor_types: Readonly<Record<string, number>>;
  readonly runs: readonly Run[];
}

/** One run of one file in one arithmetic: what a test runs. */
export interface GoldenCase {
  readonly title: string;
  readonly file: string;
  readonly arithmetic: "exact" | "fast";
  readonly run: Run;
  readonly reference: Reference;
  readonly bin: Uint8Array;
}

/** All cases under a folder, of the families named. */
export function goldenCases(folder: string, families: readonly string[]): GoldenCase[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".expected.json"))
    .sort();
  return files.flatMap((path) => casesOf(join(folder, path), families));
}

function casesOf(path: string, families: readonly string[]): GoldenCase[] {
  const expected = JSON.parse(readFileSync(path, "utf8")) as Expected;
  if (!families.includes(expected.arch)) return [];
  const bin = new Uint8Array(readFileSync(path.replace(/json$/, "bin")));
  const file = join(dirname(path), expected.model);
  const label = `${basename(dirname(path))}/${basename(path, ".expected.json")}`;
  const allF32 = Object.keys(expected.tensor_types).every((type) => type === "F32");
  return expected.runs.flatMap((run) => {
    const exact = run.f32act ?? (allF32 ? run.native : undefined);
    const stable = allF32 || typeof run.native_stability === "object";
    const cases: GoldenCase[] = [];
    const base = { file, run, bin };
    if (exact !== undefined)
      cases.push({
        ...base,
        title: `${label} ${run.name} exact`,
        arithmetic: "exact",
        reference: exact,
      });
    if (stable)
      cases.push({
        ...base,
        title: `${label} ${run.name} fast`,
        arithmetic: "fast",
        reference: run.native,
      });
    return cases;
  });
}

export interface Comparison {
  /** Largest difference of a logit. */
  readonly logits: number;
  readonly problems: readonly string[];
  /** Rounding ties that had to go the other way; see `roundingTies.ts`. */
  readonly ties: readonly Tie[];
}

/** Ties that one run may be excused by, and how many of its candidates are tried for each. */
const excusedTies = 2;
const triedTies = 24;

/**
 * Feeds the prompt at once, then the fed tokens one by one, and compares everything. `fast` runs
 * that differ are repeated with a rounding tie turned, as long as that mends some positions.
 */
export async function compare(golden: GoldenCase, options: OpenOptions = {}): Promise<Comparison> {
  await using model = await openModel(golden.file, {
    keyValueFormat: "f32",
    arithmetic: golden.arithmetic,
    contextLength: 256,
    ...options,
  });
  let best = await compareRun(model, golden, []);
  while (
    golden.arithmetic === "fast" &&
    best.problems.length > 0 &&
    best.ties.length < excusedTies
  ) {
    const candidates = best.found.toSorted((a, b) => a.distance - b.distance).slice(0, triedTies);
    const tried: RunComparison[] = [];
    for (const tie of candidates) tried.push(await compareRun(model, golden, [...best.ties, tie]));
    const better = tried.toSorted((a, b) => a.problems.length - b.problems.length)[0];
    if (better === undefined || better.problems.length >= best.problems.length) break;
    best = better;
  }
  return best;
}

interface RunComparison extends Comparison {
  /** All ties met on the way. */
  readonly found: readonly Tie[];
}

async function compareRun(
  model: LanguageModel,
  golden: GoldenCase,
  ties: readonly Tie[],
): Promise<RunComparison> {
  using watch = watchTies(model.identity, ties);
  const computed = await computeRun(model, golden.run);
  const problems: string[] = [];
  const logits = compareLogits(golden, computed, model.vocabularySize, problems);
  compareRouting(golden.reference, computed.routing, problems);
  compareLayers(golden, computed.layers, problems);
  return { logits, problems, ties, found: watch.ties };
}

interface Computed {
  /** One row per position. */
  readonly logits: Float32Array[];
  readonly routing: RoutingEvent[];
  readonly layers: LayerEvent[];
}

async function computeRun(model: LanguageModel, run: Run): Promise<Computed> {
  const routing: RoutingEvent[] = [];
  const layers: LayerEvent[] = [];
  const stop = [
    subscribe("sluice:routing", (event) => event.model === model.identity && routing.push(event)),
    subscribe("sluice:layer", (event) => event.model === model.identity && layers.push(event)),
  ];
  try {
    using sequence = model.createSequence();
    const all = await sequence.feed(run.prompt, { outputs: "all" });
    const logits = run.prompt.map((_, row) => rowOf(all, row, model.vocabularySize));
    for (const token of run.fed_tokens_after_prompt) logits.push(await sequence.feed([token]));
    return { logits, routing, layers };
  } finally {
    for (const end of stop) end();
  }
}

function compareLogits(
  { reference, bin, run }: GoldenCase,
  { logits }: Computed,
  width: number,
  problems: string[],
): number {
  const expected = values(bin, reference.logits);
  const first = reference.logits_first_position;
  let worst = 0;
  for (let row = 0; row < (reference.logits.shape[0] ?? 0); row++) {
    const difference = largestDifference(
      rowOf(expected, row, width),
      logits[first + row] ?? new Float32Array(0),
    );
    if (difference > tolerance.logits)
      problems.push(`logits of position ${first + row} differ by ${difference}`);
    worst = Math.max(worst, difference);
  }
  // A free greedy run may fork from the fed tokens; where it did not, every choice must be ours.
  const greedy = reference.greedy?.slice(0, run.fed_tokens_after_prompt.length) ?? [];
  if (greedy.every((token, index) => token === run.fed_tokens_after_prompt[index])) {
    for (const [index, token] of (reference.greedy ?? []).entries()) {
      const chosen = argmax(logits[run.prompt.length - 1 + index] ?? new Float32Array(0));
      if (chosen !== token) problems.push(`greedy token ${index} is ${chosen}, not ${token}`);
    }
  }
  return worst;
}

function compareRouting(
  reference: Reference,
  events: readonly RoutingEvent[],
  problems: string[],
): void {
  for (const { layer, experts, weights } of reference.routing) {
    const mine = events.filter((event) => event.layer === layer);
    const k = mine[0]?.k ?? 0;
    const chosen = mine.flatMap((event) => Array.from(event.experts));
    const shares = mine.flatMap((event) => Array.from(event.weights));
    if (chosen.join() !== experts.flat().join())
      problems.push(`layer ${layer} routes to other experts`);
    const difference = largestDifference(weights.flat(), shares);
    if (difference > tolerance.weights)
      problems.push(`layer ${layer}: expert weights differ by ${difference} (k = ${k})`);
  }
}

function compareLayers(
  { reference, run, bin }: GoldenCase,
  events: readonly LayerEvent[],
  problems: string[],
): void {
  const width = events[0]?.width ?? 0;
  const checks = [
    { block: reference.l_out_last_prompt_pos, position: run.prompt.length - 1 },
    {
      block: reference.l_out_last_pos,
      position: run.prompt.length + run.fed_tokens_after_prompt.length - 1,
    },
  ];
  for (const { block, position } of checks) {
    const expected = values(bin, block);
    for (let layer = 0; layer < (block.shape[0] ?? 0); layer++) {
      const rows = events.filter((event) => event.layer === layer);
      const all = rows.flatMap((event) =>
        Array.from({ length: event.tokens }, (_, row) => rowOf(event.hidden, row, width)),
      );
      const want = rowOf(expected, layer, width);
      const scale = Math.max(1, ...want.map(Math.abs));
      const difference = largestDifference(want, all[position] ?? new Float32Array(0)) / scale;
      if (difference > tolerance.layer) {
        problems.push(`l_out of layer ${layer} at position ${position} differs by ${difference}`);
        break;
      }
    }
  }
}

function values(bin: Uint8Array, { offset, shape }: Block): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return new Float32Array(bin.slice(offset, offset + count * 4).buffer);
}

function rowOf(matrix: Float32Array, row: number, width: number): Float32Array {
  return matrix.subarray(row * width, (row + 1) * width);
}

/** Infinity when the lengths differ or anything is not a number: nothing may pass by being absent. */
function largestDifference(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  if (expected.length !== found.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs((expected[index] ?? Number.NaN) - (found[index] ?? Number.NaN));
    if (!(difference <= largest))
      largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

function argmax(row: Float32Array): number {
  return row.reduce(
    (best, value, index) => (value > (row[best] ?? Number.NEGATIVE_INFINITY) ? index : best),
    0,
  );
}
