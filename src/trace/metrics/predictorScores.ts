/**
 * How well predictors guess what a layer will ask for: one layer ahead, as an engine uses them. Layer L
 * is guessed when all before it are known, those of the same token included, and it is not.
 *
 *   recall    = guessed and used / used
 *   precision = guessed and used / guessed
 *
 * A predictor may name as many experts as are used, its best ones; fewer if it knows of fewer. Scored
 * are decode passes, but for the first of each sequence, so that every predictor has seen a token of
 * this kind; the prompt is observed, not scored.
 *
 * Two null predictors say what a score is worth: `static-hot-list` knows in hindsight which experts
 * every layer used most in these very tokens, so beyond it is only knowledge of the moment; `random`
 * knows nothing. `prompt-hot-list` is the hot list without hindsight.
 *
 * By this rule the traces of BigMoeOnEdge give their published recalls (previous token, hot list,
 * random): Qwen3-30B-A3B 38.0, 37.6, 4.7 %, gpt-oss-120b 17.9, 26.7, 1.6 %.
 */
import type { Access } from "../../policy/evictionPolicy.ts";
import { type ExpertId, expertId } from "../../policy/expertId.ts";
import { GateLookaheadPredictor } from "../../policy/predictors/gateLookahead.ts";
import type { ExpertPredictor } from "../../policy/predictors/predictor.ts";
import {
  createPredictor,
  predictorEntry,
  predictorNames,
} from "../../policy/predictors/predictorRegistry.ts";
import { StaticHotListPredictor } from "../../policy/predictors/staticHotList.ts";
import { AccessProfile } from "../../policy/profile.ts";
import type { Phase, TraceRecord } from "../traceRecord.ts";
import type { TraceView } from "./layerTokens.ts";

export interface PredictorScore {
  readonly predictor: string;
  /** Scored uses. */
  readonly used: number;
  readonly guessed: number;
  readonly found: number;
  /** In [0, 1]; 0 without any uses. */
  readonly recall: number;
  /** In [0, 1]; 0 without any guesses. */
  readonly precision: number;
  /** `[layerCount]` */
  readonly recallByLayer: readonly number[];
}

/** A predictor to be scored. */
export interface ScoredPredictor {
  readonly name: string;
  readonly predictor: ExpertPredictor;
  /** What it is told beyond accesses, when `record` has been routed. */
  readonly foresee?: (record: TraceRecord) => void;
}

/** All predictors that this trace can feed, null predictors last. */
export function standardPredictors(trace: TraceView): ScoredPredictor[] {
  const { header } = trace;
  let [hasPrompt, hasLookahead] = [false, false];
  for (const { phase, lookahead } of trace) {
    hasPrompt ||= phase === "prefill";
    hasLookahead ||= lookahead !== undefined;
  }
  const running = predictorNames
    .filter((name) => hasLookahead || !(predictorEntry(name).needsLookahead ?? false))
    .map((name) => scored(name, createPredictor(name, header)));
  const hotList = (phase: Phase) => new StaticHotListPredictor(profileOf(trace, phase));
  return [
    ...running.filter(({ name }) => name !== "random"),
    ...(hasPrompt ? [scored("prompt-hot-list", hotList("prefill"))] : []),
    scored("static-hot-list", hotList("decode")),
    ...running.filter(({ name }) => name === "random"),
  ];
}

function scored(name: string, predictor: ExpertPredictor): ScoredPredictor {
  if (!(predictor instanceof GateLookaheadPredictor)) return { name, predictor };
  const foresee = ({ layer, lookahead }: TraceRecord) => {
    if (lookahead !== undefined) predictor.foresee(layer + 1, lookahead);
  };
  return { name, predictor, foresee };
}

/** Plays the trace once to all predictors. */
export function scorePredictors(
  trace: TraceView,
  predictors: readonly ScoredPredictor[] = standardPredictors(trace),
): PredictorScore[] {
  const { header } = trace;
  const tallies = predictors.map(() => new Tally(header.layerCount));
  const firstPositions = new Map<number, number>();
  let step = 0;
  for (const record of trace) {
    const access = accessOf(trace, record, step);
    if (isScored(record, firstPositions)) {
      predictors.forEach(({ predictor }, index) => {
        const scores = predictor.predict(record.layer);
        const guesses = scores === undefined ? [] : highest(scores, access.experts.length);
        const ids = guesses.map((expert) => expertId(header, record.layer, expert));
        tallies[index]!.count(record.layer, access.experts, ids);
      });
    }
    for (const { predictor, foresee } of predictors) {
      predictor.observe(access);
      foresee?.(record);
    }
    if (record.layer === header.layerCount - 1) step += record.tokens;
  }
  return predictors.map(({ name }, index) => tallies[index]!.score(name));
}

function isScored(record: TraceRecord, firstPositions: Map<number, number>): boolean {
  if (record.phase !== "decode") return false;
  const first = firstPositions.get(record.sequence);
  if (first === undefined) firstPositions.set(record.sequence, record.position);
  return first !== undefined && first !== record.position;
}

function accessOf({ header }: TraceView, record: TraceRecord, step: number): Access {
  const { layer, tokens } = record;
  const experts = Array.from(new Set(record.experts), (expert) => expertId(header, layer, expert));
  return { step, layer, experts, tokenCount: tokens };
}

function profileOf(trace: TraceView, phase: Phase): AccessProfile {
  const profile = new AccessProfile(trace.header);
  for (const record of trace) {
    if (record.phase !== phase) continue;
    for (const expert of record.experts) profile.recordHit(record.layer, expert);
  }
  return profile;
}

/** The `count` experts of the highest scores above 0, ties by number. */
function highest(scores: Float64Array, count: number): number[] {
  const best: number[] = [];
  while (best.length < count) {
    let next = -1;
    for (let expert = 0; expert < scores.length; expert++) {
      if (scores[expert]! > (next < 0 ? 0 : scores[next]!)) next = expert;
    }
    if (next < 0) break;
    best.push(next);
    scores[next] = 0;
  }
  return best;
}

class Tally {
  readonly #used: number[];
  readonly #found: number[];
  #guessed = 0;

  constructor(layerCount: number) {
    this.#used = new Array(layerCount).fill(0);
    this.#found = new Array(layerCount).fill(0);
  }

  count(layer: number, used: readonly ExpertId[], guesses: readonly ExpertId[]): void {
    this.#used[layer]! += used.length;
    this.#guessed += guesses.length;
    this.#found[layer]! += guesses.filter((expert) => used.includes(expert)).length;
  }

  score(predictor: string): PredictorScore {
    const used = this.#used.reduce((a, b) => a + b, 0);
    const found = this.#found.reduce((a, b) => a + b, 0);
    return {
      predictor,
      ...{ used, guessed: this.#guessed, found },
      recall: shareOf(found, used),
      precision: shareOf(found, this.#guessed),
      recallByLayer: this.#used.map((uses, layer) => shareOf(this.#found[layer]!, uses)),
    };
  }
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
