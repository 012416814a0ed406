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
import type { GpuBackend } from "../compute/gpu/gpuBackend.ts";
import type { GpuMixer } from "../compute/gpu/gpuMixer.ts";
import { GpuHidden, gpu } from "../compute/gpu/gpuTensors.ts";
import { gpuFormats } from "../compute/gpu/matvecShaders.ts";
import type { Ops } from "../compute/ops.ts";
import { expertId } from "../policy/expertId.ts";
import { CpuExpertLayer } from "./cpuExpertLayer.ts";
import type { ExpertRoom, ForwardPass } from "./expertRoom.ts";
import type { Experts } from "./experts.ts";
import { GpuLayerWork, type GpuTierParts } from "./gpuLayerWork.ts";
import { type Arrival, GpuRouted, GpuRouter } from "./gpuRouter.ts";
import { groupByExpert } from "./mixture.ts";
import type { TieredExperts } from "./tieredExperts.ts";

export interface GpuExpertsParts {
  readonly backend: GpuBackend;
  readonly ops: Ops;
  readonly mixer: GpuMixer;
  /** The tier below: computes and feeds what has no slot here. */
  readonly below: TieredExperts;
  readonly cpu: CpuBackend;
}

export class GpuExperts implements ExpertRoom {
  readonly #parts: GpuExpertsParts;
  readonly #router: GpuRouter;
  #tier: GpuTierParts | undefined;
  /** The pass of which the cache has not heard yet. */
  #newPass: ForwardPass | undefined;

  constructor(parts: GpuExpertsParts) {
    this.#parts = parts;
    this.#router = new GpuRouter(parts.backend, parts.mixer);
  }

  /** Slots are there; only measured batches come before. */
  settle(tier: GpuTierParts): void {
    this.#tier = tier;
  }

  readonly beginPass = (pass: ForwardPass): void => {
    this.#router.beginPass(pass);
    this.#newPass = pass;
  };

  readonly route: Experts["route"] = async (layer, router, input, rule) => {
    const { backend, ops } = this.#parts;
    const x = gpu(input, GpuHidden);
    const logits = gpu(ops.linear(router, x), GpuHidden);
    const question = { layer, x, logits, rule };
    if (backend.measuring) return this.#router.measured(question);
    const ordinal = this.#tier?.ordinals.get(layer);
    if (this.#tier === undefined || ordinal === undefined) {
      return this.#router.route(question, undefined);
    }
    const { slots, holdsAll, cache } = this.#tier;
    const offset = ordinal * cache.expertsPerLayer;
    return this.#router.route(question, { table: slots.table, offset, holdsAll });
  };

  readonly mix: Experts["mix"] = async (layer, input, handle) => {
    const door = cpu(layer, CpuExpertLayer);
    const x = gpu(input, GpuHidden);
    const routed = gpu(handle, GpuRouted);
    if (this.#parts.backend.measuring) return this.#measured(door, x, routed);
    if (routed.decision === undefined) return this.#mixBatch(door, x, await routed.arrival!);
    return this.#mixToken(door, x, routed);
  };

  /** Tells of what was routed on the GPU alone: to be called when a pass leaves it. */
  async finishPass(): Promise<void> {
    for (const { layer, routing } of await this.#router.heard()) {
      const { cache, ordinals } = this.#hearingTier();
      const ordinal = ordinals.get(layer)!;
      const experts = [...routing.experts].map((expert) => expertId(cache, ordinal, expert));
      for (const _ of cache.access(ordinal, experts));
    }
  }

  async #mixToken(door: CpuExpertLayer, x: GpuHidden, routed: GpuRouted): Promise<GpuHidden> {
    const { mixer, backend, cpu: processor, below } = this.#parts;
    const { decision, arrival, k } = routed;
    if (decision === undefined) throw new Error("the GPU has not decided");
    const { slots, ordinals } = this.#tier!;
    const { buffer } = slots.arena(ordinals.get(door.layer)!);
    const rows = mixer.begin(door, x, k, mixer.onlyToken);
    if (arrival === undefined) return mixer.computeSum(rows, buffer, decision);

    mixer.compute(rows, buffer, decision.groups, k);
    backend.program.submit();
    const { routing, x: values, present } = await arrival;
    const { workspace } = processor;
    const { mark } = workspace;
    const tier = this.#hearingTier();
    const onProcessor = () => this.#onProcessor(values, x);
    const work = new GpuLayerWork({ tier, mixer, below, door, rows, routing, onProcessor });
    await work.computeAbsent(present);
    workspace.release(mark);
    return mixer.finish(rows, mixer.inOrder, decision.weights);
  }

  async #mixBatch(door: CpuExpertLayer, x: GpuHidden, arrival: Arrival): Promise<GpuHidden> {
    const { mixer, below, cpu: processor, backend } = this.#parts;
    const { routing, x: values } = arrival;
    const { mark } = processor.workspace;
    const onProcessor = () => this.#onProcessor(values, x);
    try {
      if (this.#tier?.ordinals.has(door.layer) !== true) {
        // None of this layer's experts may have a slot here.
        const mixed = await below.mix(door, onProcessor(), routing);
        return mixer.upload(processor.floatsOf(mixed), x.tokens, x.width);
      }
      const { rows: rowOfPair, groups } = groupByExpert(routing);
      const inputRows = new Uint32Array(rowOfPair.length);
      for (const { tokens, firstRow } of groups) inputRows.set(tokens, firstRow);
      const rows = mixer.begin(door, x, rowOfPair.length, mixer.uploadWords(inputRows));
      const tier = this.#hearingTier();
      const work = new GpuLayerWork({ tier, mixer, below, door, rows, routing, onProcessor });
      await work.computeAll(() => backend.program.submit());
      const rowOf = mixer.uploadWords(Uint32Array.from(rowOfPair));
      return mixer.finish(rows, rowOf, mixer.uploadWords(routing.weights));
    } finally {
      processor.workspace.release(mark);
    }
  }

  /** The tier, whose cache hears of a pass with its first routing, as a reader of a trace does. */
  #hearingTier(): GpuTierParts {
    const tier = this.#tier!;
    if (this.#newPass !== undefined) tier.cache.beginPass(this.#newPass);
    this.#newPass = undefined;
    return tier;
  }

  /** A batch's activations in the processor's memory, until the layer ends. */
  #onProcessor(values: Float32Array, { tokens, width }: GpuHidden): CpuHidden {
    const { workspace } = this.#parts.cpu;
    const x = new CpuHidden(workspace.allocate(values.byteLength), tokens, width);
    this.#parts.cpu.floatsOf(x).set(values);
    return x;
  }

  /** What the largest batch takes, on both sides. */
  async #measured(door: CpuExpertLayer, x: GpuHidden, routed: GpuRouted): Promise<GpuHidden> {
    const { mixer, below, cpu: processor } = this.#parts;
    const { routing } = await routed.arrival!;
    const { workspace } = processor;
    const { mark } = workspace;
    const address = workspace.allocate(x.tokens * x.width * 4);
    await below.mix(door, new CpuHidden(address, x.tokens, x.width), routing);
    workspace.release(mark);
    const parts = [door.gate, door.up, door.down];
    if (!parts.every(({ matrix }) => gpuFormats.includes(matrix.format.name))) {
      return mixer.upload(new Float32Array(x.tokens * x.width), x.tokens, x.width);
    }
    const pairs = routing.experts.length;
    const decided = mixer.uploadWords(new Uint32Array(pairs));
    const rows = mixer.begin(door, x, pairs, decided);
    const groups = mixer.uploadWords(new Uint32Array(4 * door.expertCount));
    if (routed.decision !== undefined) mixer.computeSum(rows, groups, routed.decision);
    mixer.compute(rows, groups, groups, pairs);
    return mixer.finish(rows, decided, decided);
  }
}
