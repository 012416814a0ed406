/**
 * Routing on a GPU. A single token's top k are chosen there, and their slots looked up, before
 * JavaScript knows; of a batch, JavaScript applies the family's rule to logits that it reads.
 */
import type { GpuBackend, Piece } from "../compute/gpu/gpuBackend.ts";
import type { GpuDecision, GpuMixer } from "../compute/gpu/gpuMixer.ts";
import { type GpuBuffer, GpuHidden } from "../compute/gpu/gpuTensors.ts";
import { topKExpertLimit } from "../compute/gpu/stepShaders.ts";
import { isHeard, publish } from "../support/events.ts";
import type { ForwardPass } from "./expertRoom.ts";
import type { Routed, Routing, RoutingRule } from "./experts.ts";
import { noSlot } from "./gpuSlots.ts";
import { scattered } from "./router.ts";

/** A routing on its way: decided on the GPU, or to be decided when the logits are here. */
export class GpuRouted implements Routed {
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
export interface Arrival {
  readonly routing: Routing;
  /** The layer's activations: f32 `[tokens, width]`. */
  readonly x: Float32Array;
  /** Experts that had a slot when the GPU looked; where it did not decide, nobody looked. */
  readonly present: ReadonlySet<number>;
}

/** What a router is asked. */
export interface GpuQuestion {
  readonly layer: number;
  readonly x: GpuHidden;
  readonly logits: GpuHidden;
  readonly rule: RoutingRule;
}

/** Where a GPU finds the slots of a layer's experts. */
export interface SlotLookup {
  readonly table: GpuBuffer;
  readonly offset: number;
  /** Every expert has a slot, so that JavaScript need not know the routing to go on. */
  readonly holdsAll: boolean;
}

/** A routing that JavaScript hears of when the pass leaves the GPU. */
interface LoggedRouting {
  readonly layer: number;
  readonly decision: GpuDecision;
  /** A copy, if anybody listens. */
  readonly logits: GpuHidden | undefined;
}

export class GpuRouter {
  readonly #backend: GpuBackend;
  readonly #mixer: GpuMixer;
  readonly #log: LoggedRouting[] = [];
  readonly #keptBuffers = new Map<number, GpuBuffer>();
  #pass: ForwardPass | undefined;

  constructor(backend: GpuBackend, mixer: GpuMixer) {
    this.#backend = backend;
    this.#mixer = mixer;
  }

  beginPass(pass: ForwardPass): void {
    this.#pass = pass;
    this.#log.length = 0;
  }

  /** @param slots `undefined` if none of the layer's experts may have one */
  route(question: GpuQuestion, slots: SlotLookup | undefined): GpuRouted {
    const { layer, x, logits, rule } = question;
    const topK = deviceRule(rule, logits.width);
    if (x.tokens > 1 || topK === undefined || slots === undefined) {
      return new GpuRouted(x.tokens, topK?.k ?? 0, undefined, this.#decideHere(question));
    }
    const decision = this.#mixer.decide(layer, logits, topK, slots.table, slots.offset);
    if (!slots.holdsAll) {
      return new GpuRouted(1, topK.k, decision, this.#hearOf(question, decision));
    }
    this.#log.push({ layer, decision, logits: this.#keptLogits(layer, logits) });
    return new GpuRouted(1, topK.k, decision);
  }

  /** The routing that takes most memory, of a batch that is only measured. */
  measured({ layer, x, logits, rule }: GpuQuestion): GpuRouted {
    const none = new Float32Array(x.tokens * logits.width);
    const routing = scattered(rule(none, x.tokens, logits.width), logits.width);
    const topK = deviceRule(rule, logits.width);
    const decision =
      x.tokens > 1 || topK === undefined
        ? undefined
        : this.#mixer.decide(layer, logits, topK, logits.buffer, 0);
    const arrival = { routing, x: none, present: new Set<number>() };
    return new GpuRouted(x.tokens, routing.k, decision, Promise.resolve(arrival));
  }

  /** Reads what was routed without anybody waiting, and tells those who listen: layer by layer. */
  async heard(): Promise<readonly { readonly layer: number; readonly routing: Routing }[]> {
    const entries = this.#log.splice(0);
    if (entries.length === 0) return [];
    const pieces = entries.flatMap(({ decision, logits }) => [
      ...piecesOf(decision),
      ...(logits === undefined ? [] : [whole(logits)]),
    ]);
    const bytes = (await this.#backend.read(pieces)).values();
    const next = () => bytes.next().value!;
    return entries.map(({ layer, decision, logits }) => {
      const routing = routingOf(decision, next(), next());
      if (logits !== undefined) this.#publish(layer, routing, new Float32Array(next()));
      return { layer, routing };
    });
  }

  /** Reads the logits of a batch and applies the family's rule to them. */
  async #decideHere({ layer, x, logits, rule }: GpuQuestion): Promise<Arrival> {
    const [scores, values] = await this.#backend.read([whole(logits), whole(x)]);
    const read = new Float32Array(scores!);
    const routing = rule(read, x.tokens, logits.width);
    this.#publish(layer, routing, read);
    return { routing, x: new Float32Array(values!), present: new Set() };
  }

  /** Reads what the GPU decided for a single token. */
  async #hearOf({ layer, x, logits }: GpuQuestion, decision: GpuDecision): Promise<Arrival> {
    const groupsPiece = { from: decision.groups, byteLength: decision.k * 16 };
    const pieces = [...piecesOf(decision), groupsPiece, whole(logits), whole(x)];
    const [ids, weights, groups, scores, values] = await this.#backend.read(pieces);
    const routing = routingOf(decision, ids!, weights!);
    this.#publish(layer, routing, new Float32Array(scores!));
    const slotOf = new Uint32Array(groups!);
    const present = [...routing.experts].filter((_, pair) => slotOf[pair * 4] !== noSlot);
    return { routing, x: new Float32Array(values!), present: new Set(present) };
  }

  /** A copy of the logits that lasts until the pass ends; none if nobody would look at them. */
  #keptLogits(layer: number, logits: GpuHidden): GpuHidden | undefined {
    if (!isHeard("sluice:routing")) return undefined;
    const byteLength = logits.width * 4;
    const known = this.#keptBuffers.get(layer);
    const kept = known ?? this.#backend.createBuffer(byteLength, "router logits");
    this.#keptBuffers.set(layer, kept);
    this.#backend.program.copy(logits.buffer.buffer, 0, kept.buffer, 0, byteLength);
    return new GpuHidden(kept, 1, logits.width);
  }

  #publish(layer: number, routing: Routing, logits: Float32Array): void {
    const { identity } = this.#backend;
    const pass = this.#pass!;
    publish("sluice:routing", () => {
      return { model: identity, layer, ...routing, pass, logits, lookahead: undefined };
    });
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
