/**
 * The experts' door on a GPU. Experts that have a slot there are computed there; the others by the
 * processor at the same time, from RAM, in the same arithmetic. Every (token, expert) pair has a row
 * of its own, and the rows are added up in routing order, so who computed which changes no bit.
 *
 * A single token's routing is decided on the GPU, which looks up the slots itself and starts on the
 * experts that have one; the processor hears of it meanwhile and computes the absent ones. Where all
 * experts have slots nobody waits: what was routed is read when the pass leaves the GPU.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuHidden, cpu } from "../compute/cpu/cpuTensors.ts";
import type { GpuBackend, Piece } from "../compute/gpu/gpuBackend.ts";
import type { GpuDecision, GpuMixer, GpuRows } from "../compute/gpu/gpuMixer.ts";
import { type GpuBuffer, GpuHidden, gpu } from "../compute/gpu/gpuTensors.ts";
import { gpuFormats } from "../compute/gpu/matvecShaders.ts";
import { topKExpertLimit } from "../compute/gpu/stepShaders.ts";
import type { Ops } from "../compute/ops.ts";
import { regionBytes } from "../memory/arena.ts";
import type { CachePart } from "../policy/cache/decisions.ts";
import type { ExpertCache } from "../policy/cache/expertCache.ts";
import type { CostModel } from "../policy/costModel.ts";
import { type ExpertId, expertId, expertInLayer } from "../policy/expertId.ts";
import { isHeard, publish } from "../support/events.ts";
import { CpuExpertLayer } from "./cpuExpertLayer.ts";
import type { CpuMixture } from "./cpuMixture.ts";
import type { ExpertRoom, ForwardPass } from "./expertRoom.ts";
import type { Experts, Routed, Routing, RoutingRule } from "./experts.ts";
import { type GpuSlots, noSlot } from "./gpuSlots.ts";
import { type ExpertGroup, groupByExpert } from "./mixture.ts";
import { scattered } from "./router.ts";
import type { TieredExperts } from "./tieredExperts.ts";

/** What there is once the memory is settled. */
export interface GpuTierParts {
  readonly cache: ExpertCache;
  readonly slots: GpuSlots;
  /** The cache's number of each layer whose experts may have slots here. */
  readonly ordinals: ReadonlyMap<number, number>;
  /** Every expert has a slot. */
  readonly holdsAll: boolean;
  /** Hears how long the processor took. */
  readonly costs: CostModel;
  /** Whether a miss that gets a slot is better sent first and computed on the GPU. */
  readonly movesFirst: (bytes: number, tokens: number) => boolean;
}

export interface GpuExpertsParts {
  readonly backend: GpuBackend;
  readonly ops: Ops;
  readonly mixer: GpuMixer;
  /** The tier below: computes and feeds what has no slot here. */
  readonly below: TieredExperts;
  readonly cpu: CpuBackend;
}

/** A routing on its way: decided on the GPU, or to be decided when the logits are here. */
class GpuRouted implements Routed {
  readonly tokens: number;
  readonly k: number;
  /** Where the GPU decided. */
  readonly decision: GpuDecision | undefined;
  /** Once JavaScript knows; `undefined` if it need not. */
  readonly arrival: Promise<Arrival> | undefined;

  constructor(tokens: number, k: number, decision?: GpuDecision, arrival?: Promise<Arrival>) {
    this.tokens = tokens;
    this.k = k;
    this.decision = decision;
    this.arrival = arrival;
    // The layer may fail before anybody asks; whoever asks gets the error all the same.
    arrival?.catch(() => {});
  }
}

/** What came back from the GPU of one layer. */
interface Arrival {
  readonly routing: Routing;
  readonly x: Float32Array;
  /** Experts that had a slot when the GPU looked; without a decision there, nobody looked. */
  readonly present: ReadonlySet<number>;
}

/** A routing that JavaScript hears of when the pass leaves the GPU. */
interface LoggedRouting {
  readonly layer: number;
  readonly decision: GpuDecision;
  /** A copy, if anybody listens. */
  readonly logits: GpuHidden | undefined;
}

/** One layer's work for a batch. */
interface LayerWork {
  readonly door: CpuExpertLayer;
  readonly ordinal: number;
  readonly x: GpuHidden;
  readonly rows: GpuRows;
  readonly groups: ReadonlyMap<number, ExpertGroup>;
  readonly tier: GpuTierParts;
  /** Made when the processor has something to compute. */
  readonly mixture: () => CpuMixture;
}

export class GpuExperts implements ExpertRoom {
  readonly #parts: GpuExpertsParts;
  #tier: GpuTierParts | undefined;
  #pass: ForwardPass | undefined;
  #isNewPass = false;
  readonly #log: LoggedRouting[] = [];
  readonly #keptBuffers = new Map<number, GpuBuffer>();

  constructor(parts: GpuExpertsParts) {
    this.#parts = parts;
  }

  /** Slots are there; only measured batches come before. */
  settle(tier: GpuTierParts): void {
    this.#tier = tier;
  }

  readonly beginPass = (pass: ForwardPass): void => {
    this.#pass = pass;
    this.#isNewPass = true;
    this.#log.length = 0;
  };

  readonly route: Experts["route"] = async (layer, router, input, rule) => {
    const { backend, ops, mixer } = this.#parts;
    const x = gpu(input, GpuHidden);
    const logits = gpu(ops.linear(router, x), GpuHidden);
    const ordinal = this.#tier?.ordinals.get(layer);
    const topK = deviceRule(rule, logits.width);
    if (backend.measuring) return this.#measuredRouting(layer, x, logits, rule);
    if (x.tokens > 1 || topK === undefined || this.#tier === undefined || ordinal === undefined) {
      return new GpuRouted(
        x.tokens,
        topK?.k ?? 0,
        undefined,
        this.#decideHere(layer, x, logits, rule),
      );
    }
    const { slots, holdsAll, cache } = this.#tier;
    const decision = mixer.decide(
      layer,
      logits,
      topK,
      slots.table,
      ordinal * cache.expertsPerLayer,
    );
    if (!holdsAll) {
      return new GpuRouted(1, topK.k, decision, this.#hearOf(layer, x, logits, decision));
    }
    this.#log.push({ layer, decision, logits: this.#keptLogits(layer, logits) });
    return new GpuRouted(1, topK.k, decision);
  };

  readonly mix: Experts["mix"] = async (layer, input, routed) => {
    const { backend, mixer } = this.#parts;
    const door = cpu(layer, CpuExpertLayer);
    const x = gpu(input, GpuHidden);
    const { decision, arrival } = gpu(routed, GpuRouted);
    if (backend.measuring) return this.#measuredMix(door, x, routed);
    if (decision === undefined) return this.#mixBatch(door, x, await arrival!);

    const { slots, ordinals } = this.#tier!;
    const ordinal = ordinals.get(door.layer)!;
    const rows = mixer.begin(door, x, routed.k, mixer.onlyToken);
    const { buffer } = slots.arena(ordinal);
    if (arrival === undefined) return mixer.computeSum(rows, buffer, decision);
    mixer.compute(rows, buffer, decision.groups, routed.k);
    backend.program.submit();
    await this.#computeAbsent(door, ordinal, x, rows, await arrival);
    return mixer.finish(rows, mixer.inOrder, decision.weights);
  };

  /** Reads what was routed without anybody waiting, and tells those who listen. */
  async finishPass(): Promise<void> {
    const entries = this.#log.splice(0);
    if (entries.length === 0) return;
    const pieces = entries.flatMap(({ decision, logits }) => [
      ...piecesOf(decision),
      ...(logits === undefined ? [] : [whole(logits)]),
    ]);
    const bytes = (await this.#parts.backend.read(pieces)).values();
    for (const { layer, decision, logits } of entries) {
      const routing = routingOf(decision, bytes.next().value!, bytes.next().value!);
      if (logits !== undefined)
        this.#publish(layer, routing, new Float32Array(bytes.next().value!));
      const { cache, ordinals } = this.#tier!;
      this.#beginCachePass(cache);
      const ordinal = ordinals.get(layer)!;
      const experts = [...routing.experts].map((expert) => expertId(cache, ordinal, expert));
      for (const _ of cache.access(ordinal, experts));
    }
  }

  /** A single token whose experts the GPU is at work on: the processor computes those it has not. */
  async #computeAbsent(
    door: CpuExpertLayer,
    ordinal: number,
    x: GpuHidden,
    rows: GpuRows,
    { routing, x: values, present }: Arrival,
  ): Promise<void> {
    const { workspace } = this.#parts.cpu;
    const tier = this.#tier!;
    const mark = workspace.mark;
    const work = this.#work(door, ordinal, x, rows, routing, values, tier);
    await this.#eachPart(work, async (part, admitted) => {
      const asked = [...part.hits, ...admitted.keys(), ...part.bypassed];
      const here = asked.filter((id) => !present.has(expertInLayer(tier.cache, id)));
      await this.#serve(work, { here, moved: [], admitted });
    });
    workspace.release(mark);
  }

  /** A batch: each part's residents are computed on the GPU while the processor is at the others. */
  async #mixBatch(door: CpuExpertLayer, x: GpuHidden, arrival: Arrival): Promise<GpuHidden> {
    const { mixer, below, cpu: processor, backend } = this.#parts;
    const { routing, x: values } = arrival;
    const ordinal = this.#tier?.ordinals.get(door.layer);
    const mark = processor.workspace.mark;
    try {
      if (ordinal === undefined) {
        // None of this layer's experts may have a slot here.
        const mixed = await below.mix(door, this.#onProcessor(values, x), routing);
        return mixer.upload(processor.floatsOf(mixed), x.tokens, x.width);
      }
      const tier = this.#tier!;
      const { rows: rowOfPair, groups } = groupByExpert(routing);
      const inputRows = new Uint32Array(rowOfPair.length);
      for (const { tokens, firstRow } of groups) inputRows.set(tokens, firstRow);
      const rows = mixer.begin(door, x, rowOfPair.length, mixer.uploadWords(inputRows));
      const work = this.#work(door, ordinal, x, rows, routing, values, tier);
      await this.#eachPart(work, async (part, admitted) => {
        this.#computeOnGpu(work, part.hits);
        backend.program.submit();
        const moved = [...admitted.keys()].filter((id) => {
          const { tokens } = work.groups.get(expertInLayer(tier.cache, id))!;
          return tier.movesFirst(door.expertBytes, tokens.length);
        });
        const asked = [...admitted.keys(), ...part.bypassed];
        const here = asked.filter((id) => !moved.includes(id));
        await this.#serve(work, { here, moved, admitted });
        this.#computeOnGpu(work, moved);
      });
      const rowOf = mixer.uploadWords(Uint32Array.from(rowOfPair));
      const weights = mixer.uploadWords(routing.weights);
      return mixer.finish(rows, rowOf, weights);
    } finally {
      processor.workspace.release(mark);
    }
  }

  /**
   * Goes through what the cache decides, part by part.
   *
   * @param serve takes the experts from `admitted` that it has sent to their slots
   */
  async #eachPart(
    work: LayerWork,
    serve: (part: CachePart, admitted: Map<ExpertId, ExpertId | undefined>) => Promise<void>,
  ): Promise<void> {
    const { cache, slots } = work.tier;
    let unsent = new Map<ExpertId, ExpertId | undefined>();
    try {
      for (const part of cache.access(work.ordinal, this.#idsOf(work))) {
        unsent = new Map(part.admitted.map(({ expert, victim }) => [expert, victim]));
        await serve(part, unsent);
      }
    } finally {
      // Only after a failure, now that no part is leased any more: what was given a slot has not come.
      for (const [expert, victim] of unsent) {
        if (victim !== undefined) slots.release(victim);
        cache.forget(expert);
      }
    }
  }

  /**
   * Has the tier below bring experts into RAM: `here` are computed as they come, and those that were
   * admitted are sent to their slots.
   */
  async #serve(
    work: LayerWork,
    asked: {
      readonly here: readonly ExpertId[];
      readonly moved: readonly ExpertId[];
      readonly admitted: Map<ExpertId, ExpertId | undefined>;
    },
  ): Promise<void> {
    const { cache, slots } = work.tier;
    const { layer } = work.door;
    const here = new Set(asked.here);
    const wanted = new Set([...asked.here, ...asked.moved, ...asked.admitted.keys()]);
    if (wanted.size === 0) return;
    const { admitted } = asked;
    const experts = [...wanted].map((id) => expertInLayer(cache, id));
    await this.#parts.below.serve({ layer, experts }, (ready) => {
      const own = ready.filter(({ expert }) => here.has(expertId(cache, work.ordinal, expert)));
      this.#computeHere(work, new Map(own.map(({ expert, slot }) => [expert, slot])));
      for (const { expert, slot } of ready) {
        const id = expertId(cache, work.ordinal, expert);
        if (!admitted.has(id)) continue;
        slots.admit(id, admitted.get(id), regionBytes(slot));
        admitted.delete(id);
      }
    });
  }

  #computeHere(work: LayerWork, slotOf: ReadonlyMap<number, Parameters<typeof regionBytes>[0]>) {
    if (slotOf.size === 0) return;
    const mixture = work.mixture();
    const groups = [...slotOf.keys()].map((expert) => work.groups.get(expert)!);
    const begin = performance.now();
    mixture.compute(groups, (expert) => slotOf.get(expert));
    const tokens = groups.reduce((sum, group) => sum + group.tokens.length, 0);
    const took = performance.now() - begin;
    work.tier.costs.measuredRunHere({ bytes: work.door.expertBytes, tokens }, took);
    for (const group of groups)
      this.#parts.mixer.writeRows(work.rows, group.firstRow, mixture.rowsOf(group));
  }

  #computeOnGpu(work: LayerWork, experts: readonly ExpertId[]): void {
    if (experts.length === 0) return;
    const { cache, slots } = work.tier;
    const words = new Uint32Array(experts.length * 4);
    for (const [index, id] of experts.entries()) {
      const { firstRow, tokens } = work.groups.get(expertInLayer(cache, id))!;
      words.set([slots.find(id) ?? noSlot, firstRow, tokens.length, 0], index * 4);
    }
    const { mixer } = this.#parts;
    const groups = mixer.uploadWords(words);
    mixer.compute(work.rows, slots.arena(work.ordinal).buffer, groups, experts.length);
  }

  #work(
    door: CpuExpertLayer,
    ordinal: number,
    x: GpuHidden,
    rows: GpuRows,
    routing: Routing,
    values: Float32Array,
    tier: GpuTierParts,
  ): LayerWork {
    let mixture: CpuMixture | undefined;
    const groups = new Map(groupByExpert(routing).groups.map((group) => [group.expert, group]));
    return {
      door,
      ordinal,
      x,
      rows,
      groups,
      tier,
      mixture: () => {
        mixture ??= this.#parts.below.mixture(door, this.#onProcessor(values, x), routing);
        return mixture;
      },
    };
  }

  #idsOf({ groups, tier, ordinal }: LayerWork): ExpertId[] {
    this.#beginCachePass(tier.cache);
    return [...groups.keys()].map((expert) => expertId(tier.cache, ordinal, expert));
  }

  /** The cache hears of a pass with its first routing, as one who reads a recorded trace does. */
  #beginCachePass(cache: ExpertCache): void {
    if (this.#isNewPass && this.#pass !== undefined) cache.beginPass(this.#pass);
    this.#isNewPass = false;
  }

  /** Reads the logits of a batch and applies the family's rule to them. */
  async #decideHere(
    layer: number,
    x: GpuHidden,
    logits: GpuHidden,
    rule: RoutingRule,
  ): Promise<Arrival> {
    const [scores, values] = await this.#parts.backend.read([whole(logits), whole(x)]);
    const read = new Float32Array(scores!);
    const routing = rule(read, x.tokens, logits.width);
    this.#publish(layer, routing, read);
    return { routing, x: new Float32Array(values!), present: new Set() };
  }

  /** Reads what the GPU decided for a single token. */
  async #hearOf(
    layer: number,
    x: GpuHidden,
    logits: GpuHidden,
    decision: GpuDecision,
  ): Promise<Arrival> {
    const groupsPiece = { from: decision.groups, byteLength: decision.k * 16 };
    const pieces = [...piecesOf(decision), groupsPiece, whole(logits), whole(x)];
    const [ids, weights, groups, scores, values] = await this.#parts.backend.read(pieces);
    const routing = routingOf(decision, ids!, weights!);
    this.#publish(layer, routing, new Float32Array(scores!));
    const slotOf = new Uint32Array(groups!);
    const present = [...routing.experts].filter((_, pair) => slotOf[pair * 4] !== noSlot);
    return { routing, x: new Float32Array(values!), present: new Set(present) };
  }

  /** A copy of the logits that lasts until the pass ends; none if nobody would look at them. */
  #keptLogits(layer: number, logits: GpuHidden): GpuHidden | undefined {
    if (!isHeard("sluice:routing")) return undefined;
    const { backend } = this.#parts;
    const byteLength = logits.width * 4;
    const kept = this.#keptBuffers.get(layer) ?? backend.createBuffer(byteLength, "router logits");
    this.#keptBuffers.set(layer, kept);
    backend.program.copy(logits.buffer.buffer, 0, kept.buffer, 0, byteLength);
    return new GpuHidden(kept, 1, logits.width);
  }

  #publish(layer: number, routing: Routing, logits: Float32Array): void {
    const { identity } = this.#parts.backend;
    const pass = this.#pass!;
    publish("sluice:routing", () => {
      return { model: identity, layer, ...routing, pass, logits, lookahead: undefined };
    });
  }

  /** A batch's activations in the processor's memory, until the layer ends. */
  #onProcessor(values: Float32Array, { tokens, width }: GpuHidden): CpuHidden {
    const { workspace } = this.#parts.cpu;
    const x = new CpuHidden(workspace.allocate(values.byteLength), tokens, width);
    this.#parts.cpu.floatsOf(x).set(values);
    return x;
  }

  #measuredRouting(layer: number, x: GpuHidden, logits: GpuHidden, rule: RoutingRule): Routed {
    const { mixer } = this.#parts;
    const none = new Float32Array(x.tokens * logits.width);
    const routing = scattered(rule(none, x.tokens, logits.width), logits.width);
    const topK = deviceRule(rule, logits.width);
    const decision =
      x.tokens > 1 || topK === undefined
        ? undefined
        : mixer.decide(layer, logits, topK, logits.buffer, 0);
    const arrival = { routing, x: none, present: new Set<number>() };
    return new GpuRouted(x.tokens, routing.k, decision, Promise.resolve(arrival));
  }

  /** What the largest batch takes, on both sides. */
  async #measuredMix(door: CpuExpertLayer, x: GpuHidden, routed: Routed): Promise<GpuHidden> {
    const { mixer, below, cpu: processor } = this.#parts;
    const { routing } = await gpu(routed, GpuRouted).arrival!;
    const { workspace } = processor;
    const mark = workspace.mark;
    const onProcessor = new CpuHidden(
      workspace.allocate(x.tokens * x.width * 4),
      x.tokens,
      x.width,
    );
    await below.mix(door, onProcessor, routing);
    workspace.release(mark);
    const parts = [door.gate, door.up, door.down];
    if (!parts.every(({ matrix }) => gpuFormats.includes(matrix.format.name))) {
      return mixer.upload(new Float32Array(x.tokens * x.width), x.tokens, x.width);
    }
    const pairs = routing.experts.length;
    const decided = mixer.uploadWords(new Uint32Array(pairs));
    const rows = mixer.begin(door, x, pairs, decided);
    const groups = mixer.uploadWords(new Uint32Array(4 * door.expertCount));
    const { decision } = gpu(routed, GpuRouted);
    if (decision !== undefined) mixer.computeSum(rows, groups, decision);
    mixer.compute(rows, groups, groups, pairs);
    return mixer.finish(rows, decided, decided);
  }
}

/** The rule as a GPU knows it, if it does and can hold so many experts. */
function deviceRule(rule: RoutingRule, expertCount: number): RoutingRule["softmaxThenTopK"] {
  return expertCount > topKExpertLimit ? undefined : rule.softmaxThenTopK;
}

function piecesOf({ ids, weights, k }: GpuDecision): Piece[] {
  return [ids, weights].map((from) => ({ from, byteLength: k * 4 }));
}

function routingOf({ k }: GpuDecision, ids: ArrayBuffer, weights: ArrayBuffer): Routing {
  return { tokens: 1, k, experts: new Int32Array(ids), weights: new Float32Array(weights) };
}

function whole(x: GpuHidden): Piece {
  return { from: x.buffer, byteLength: x.tokens * x.width * 4 };
}
