/**
 * All decisions of one tier about its slots: who is kept, who is fetched, who is fetched early. It
 * moves no byte and looks at no clock, so what it decides is a function of the routing alone, and a
 * simulator that replays the routing sees the same hits, victims and prefetches as the engine.
 *
 *   beginPass ─► access(layer 0) ─► access(layer 1) ─► ... ─► the next pass
 *
 * An access yields one part after another. Of each part the hits and the admitted are leased until
 * the next one is taken: compute them meanwhile. With the last part come the prefetches for the
 * layers ahead, decided while the part is still leased.
 *
 * Layers whose experts have different sizes may live in pools of their own, each with a policy of
 * its own. A single token's experts are served best rank first, so that limits cut the least
 * important; a wide pass's in the order of their ids, which is that of the file, so that a disk reads
 * on and on.
 */
import type { EvictionPolicy } from "../evictionPolicy.ts";
import type { ExpertGrid, ExpertId } from "../expertId.ts";
import type { ExpertPredictor } from "../predictors/predictor.ts";
import { PrefetchLedger, type PrefetchTotals } from "../prefetch/prefetchLedger.ts";
import { PrefetchPlanner } from "../prefetch/prefetchPlanner.ts";
import { AccessProfile } from "../profile.ts";
import { requireCount } from "../requireNumber.ts";
import { WarmPinning } from "../warmPinning.ts";
import { type CacheCounts, type MutableCounts, noCounts, type Phase } from "./cacheCounts.ts";
import { CachePools, type CachePoolsOptions } from "./cachePools.ts";
import type { CacheDecision, CachePart, CachePass, Prefetch } from "./decisions.ts";

export interface ExpertCacheOptions extends CachePoolsOptions {
  /** Guesses what the layers ahead will ask for. @default nobody, so nothing is prefetched */
  readonly predictor?: ExpertPredictor;
  /** @default none */
  readonly prefetch?: PrefetchLimits;
  /** Misses that may be given a slot in one pass; the others are bypassed. @default all */
  readonly insertsPerPass?: number;
  /**
   * Passes of more tokens than this are wide: their misses take free slots but displace nobody, so
   * that a prompt does not flush what decode needs; nothing is prefetched for them. @default 32
   */
  readonly wideTokens?: number;
  /** Experts to pin per layer once `afterAccesses` experts were asked for. @default none */
  readonly warmPins?: { readonly perLayer: number; readonly afterAccesses?: number };
  /** Counts every use. @default one of its own */
  readonly profile?: AccessProfile;
  /** Hears of every decision, in order. */
  readonly onDecision?: (decision: CacheDecision) => void;
}

export interface PrefetchLimits {
  /** Bytes that the prefetches of one pass may move. */
  readonly bytesPerPass: number;
  /** Layers looked ahead, beyond the last one into the next token. */
  readonly layersAhead: number;
  /** Guesses followed up per layer: as many as a token uses. */
  readonly expertsPerLayer: number;
}

export class ExpertCache {
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  readonly profile: AccessProfile;
  readonly #pools: CachePools;
  readonly #options: ExpertCacheOptions;
  readonly #planner: PrefetchPlanner | undefined;
  readonly #ledger = new PrefetchLedger();
  readonly #warmPinning: WarmPinning | undefined;
  readonly #counts: Readonly<Record<Phase, MutableCounts>> = {
    prefill: noCounts(),
    decode: noCounts(),
  };
  #pass: CachePass = { tokens: 0, phase: "prefill" };
  #passNumber = -1;
  #step = 0;
  #insertsLeft = 0;

  /** @throws OptionError for an unknown policy, pools that do not cover the layers, no slots */
  constructor(options: ExpertCacheOptions) {
    this.#options = options;
    this.layerCount = options.layerCount;
    this.expertsPerLayer = options.expertsPerLayer;
    this.profile = options.profile ?? new AccessProfile(options);
    this.#pools = new CachePools(options);
    const { prefetch, predictor, warmPins } = options;
    if (prefetch !== undefined && predictor !== undefined) {
      this.#planner = new PrefetchPlanner({
        ...this.#grid,
        bytesPerStep: prefetch.bytesPerPass,
        insertsPerStep: Number.MAX_SAFE_INTEGER,
      });
    }
    if (warmPins !== undefined) {
      this.#warmPinning = new WarmPinning({ ...warmPins, slotCount: this.slotCount });
    }
  }

  /** Slots of each pool, in the order of the options: policies may round what they were given. */
  get poolSlots(): readonly number[] {
    return this.#pools.slots;
  }

  get slotCount(): number {
    return this.poolSlots.reduce((sum, slots) => sum + slots, 0);
  }

  /** Experts that have a slot now. */
  get residentCount(): number {
    return this.#pools.residentCount;
  }

  isResident(expert: ExpertId): boolean {
    return this.#pools.policyOf(expert).isResident(expert);
  }

  counts(phase: Phase): CacheCounts {
    return { ...this.#counts[phase] };
  }

  prefetchTotals(): PrefetchTotals {
    return this.#ledger.totals();
  }

  /**
   * Gives the free slots to experts before anybody asks, the first the most wanted; nobody leaves
   * for them. No prefetch: it is not entered in the ledger. Policies that keep slots back for what
   * has been used leave those empty.
   *
   * @returns those that got a slot
   */
  fill(order: Iterable<ExpertId>): ExpertId[] {
    const filled: ExpertId[] = [];
    for (const expert of order) {
      const policy = this.#pools.policyOf(expert);
      if (policy.isResident(expert) || !policy.hasRoomFor(expert)) continue;
      policy.prefetch(expert);
      filled.push(expert);
    }
    return filled;
  }

  /** Tokens begin their way through the layers. */
  beginPass(pass: CachePass): void {
    this.#step += this.#pass.tokens;
    this.#pass = { tokens: requireCount("tokens", pass.tokens, 1), phase: pass.phase };
    this.#passNumber++;
    this.#insertsLeft = this.#options.insertsPerPass ?? Number.POSITIVE_INFINITY;
    this.#planner?.beginStep();
  }

  /**
   * One layer's experts, distinct, best rank first, those of several tokens in the order in which
   * these name them. A loop left early releases the part it holds.
   *
   * @param lookahead early logits of the next layer's router, `[expertsPerLayer]`
   */
  *access(
    layer: number,
    experts: readonly ExpertId[],
    lookahead?: ArrayLike<number>,
  ): Generator<CachePart, void, undefined> {
    const { policy, layers } = this.#pools.at(layer);
    const { predictor } = this.#options;
    const base = { step: this.#step, layer, tokenCount: this.#pass.tokens };
    predictor?.observe({ ...base, experts });
    if (lookahead !== undefined) predictor?.foresee?.(this.#layerAfter(layer, 1), lookahead);

    const inOrder = this.#isWide ? experts.toSorted((a, b) => a - b) : experts;
    if (policy.size === layers.length * this.expertsPerLayer) {
      // Everybody has a slot and nobody will ever leave: there is nothing to decide.
      const part = { hits: inOrder, admitted: NONE, bypassed: NONE };
      this.#record(layer, part);
      yield { ...part, prefetches: this.#planAhead(layer) };
      return this.#pinWhenWarm(layer);
    }

    let remaining = inOrder;
    do {
      const outcome = policy.access({
        ...base,
        experts: remaining,
        admissionLimit: this.#admissionLimit(policy),
      });
      remaining = outcome.deferred;
      this.#record(layer, outcome);
      try {
        const isLast = remaining.length === 0;
        yield {
          hits: outcome.hits,
          admitted: outcome.admitted,
          bypassed: outcome.bypassed,
          prefetches: isLast ? this.#planAhead(layer) : NONE,
        };
      } finally {
        policy.release(outcome.leased);
      }
    } while (remaining.length > 0);
    this.#pinWhenWarm(layer);
  }

  /** The bytes of a prefetched expert are in its slot. */
  arrived(expert: ExpertId): void {
    if (this.#ledger.isInFlight(expert)) this.#ledger.arrive(expert);
  }

  /** The bytes of an expert will not come: it leaves its slot. */
  forget(expert: ExpertId): void {
    if (this.#ledger.isInFlight(expert)) this.#ledger.drop(expert);
    this.#pools.policyOf(expert).remove(expert);
  }

  /** The run is over: what was prefetched and never asked for is wasted. */
  close(): void {
    this.#ledger.close();
  }

  get #grid(): ExpertGrid {
    return { layerCount: this.layerCount, expertsPerLayer: this.expertsPerLayer };
  }

  get #isWide(): boolean {
    return this.#pass.tokens > (this.#options.wideTokens ?? 32);
  }

  #layerAfter(layer: number, steps: number): number {
    return (layer + steps) % this.layerCount;
  }

  #bytesOf(layer: number): number {
    return this.#options.expertBytes?.[layer] ?? 1;
  }

  #admissionLimit(policy: EvictionPolicy): number {
    const limit = this.#insertsLeft;
    return this.#isWide ? Math.min(limit, policy.capacity - policy.size) : limit;
  }

  #record(layer: number, outcome: Omit<CachePart, "prefetches">): void {
    const { hits, admitted, bypassed } = outcome;
    const { profile } = this;
    const bytes = this.#bytesOf(layer);
    const misses = admitted.length + bypassed.length;
    const counts = this.#counts[this.#pass.phase];
    counts.uses += hits.length + misses;
    counts.hits += hits.length;
    counts.admitted += admitted.length;
    counts.bypassed += bypassed.length;
    counts.usedBytes += bytes * (hits.length + misses);
    counts.hitBytes += bytes * hits.length;
    counts.movedBytes += bytes * misses;
    this.#insertsLeft -= admitted.length;
    const first = layer * this.expertsPerLayer;
    for (const expert of hits) profile.recordHit(layer, expert - first);
    for (const { expert } of admitted) profile.recordMiss(layer, expert - first, bytes);
    for (const expert of bypassed) profile.recordMiss(layer, expert - first, bytes);
    if (this.#planner !== undefined) for (const expert of hits) this.#ledger.use(expert);
    for (const { victim } of admitted) if (victim !== undefined) this.#evict(victim);
    if (this.#options.onDecision === undefined) return;
    for (const expert of hits) this.#decide(layer, "hit", expert);
    for (const { expert, victim } of admitted) this.#decide(layer, "admit", expert, victim);
    for (const expert of bypassed) this.#decide(layer, "bypass", expert);
  }

  #evict(victim: ExpertId): void {
    this.#counts[this.#pass.phase].evictions++;
    this.#ledger.evict(victim);
  }

  #planAhead(layer: number): readonly Prefetch[] {
    const { predictor, prefetch } = this.#options;
    if (this.#planner === undefined || predictor === undefined || prefetch === undefined)
      return NONE;
    if (this.#isWide) return NONE;
    const prefetches: Prefetch[] = [];
    for (let ahead = 1; ahead <= Math.min(prefetch.layersAhead, this.layerCount - 1); ahead++) {
      const target = this.#layerAfter(layer, ahead);
      const guesses = predictor.predict(target);
      if (guesses === undefined) continue;
      const likeliest = bestScores(guesses, prefetch.expertsPerLayer);
      const plan = this.#planner.planLayer(target, likeliest, {
        isResident: (expert) => this.isResident(expert),
        isInFlight: () => false,
        bytesOf: () => this.#bytesOf(target),
      });
      for (const { expert, score, bytes } of plan) {
        const outcome = this.#pools.policyOf(expert).prefetch(expert);
        if (outcome.kind !== "admitted") continue;
        if (outcome.victim !== undefined) this.#evict(outcome.victim);
        this.#ledger.issue(expert, bytes);
        this.#decide(layer, "prefetch", expert, outcome.victim);
        prefetches.push({ expert, victim: outcome.victim, score });
      }
    }
    return prefetches;
  }

  #pinWhenWarm(layer: number): void {
    if (this.#warmPinning === undefined || this.#warmPinning.done) return;
    const pin = (expert: ExpertId) => this.#pools.policyOf(expert).pin(expert);
    for (const expert of this.#warmPinning.pinWhenWarm(this.profile, { pin })) {
      this.#decide(layer, "pin", expert);
    }
  }

  #decide(layer: number, kind: CacheDecision["kind"], expert: ExpertId, victim?: ExpertId): void {
    this.#options.onDecision?.({ pass: this.#passNumber, layer, kind, expert, victim });
  }
}

/** The `count` best scores, ties to the lower expert; the others are 0. */
function bestScores(scores: Float64Array, count: number): Float64Array {
  const order = [...scores.keys()].filter((expert) => scores[expert]! > 0);
  if (order.length <= count) return scores;
  order.sort((a, b) => scores[b]! - scores[a]! || a - b);
  const best = new Float64Array(scores.length);
  for (const expert of order.slice(0, count)) best[expert] = scores[expert]!;
  return best;
}

const NONE: readonly never[] = [];
