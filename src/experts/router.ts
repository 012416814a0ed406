/** Routes on the CPU: the router's logits, the family's rule, and the news of it. */
import { channel } from "node:diagnostics_channel";
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuMatrix, cpu } from "../compute/cpu/cpuTensors.ts";
import type { Hidden, Matrix, Ops } from "../compute/ops.ts";
import { publish } from "../support/events.ts";
import type { ForwardPass } from "./expertRoom.ts";
import type { Routing, RoutingRule } from "./experts.ts";

export interface RouterOptions {
  /** Ask the next layer's router early, of single tokens. @default false */
  readonly looksAhead?: boolean;
}

const routingEvents = channel("sluice:routing");

export class Router {
  readonly #backend: CpuBackend;
  readonly #ops: Ops;
  readonly #looksAhead: boolean;
  /** By layer, in the order of the forward pass, as the measured batch goes through it. */
  readonly #routers = new Map<number, Matrix>();
  #pass: ForwardPass = { tokens: 1, phase: "prefill", sequence: 0, position: 0 };
  #lookahead: Float32Array | undefined;

  constructor(backend: CpuBackend, ops: Ops, { looksAhead = false }: RouterOptions = {}) {
    this.#backend = backend;
    this.#ops = ops;
    this.#looksAhead = looksAhead;
  }

  beginPass(pass: ForwardPass): void {
    this.#pass = pass;
  }

  /**
   * Logits of the router behind the one asked last, on the hidden state of that one: `[experts]`, a
   * copy. Residual streams change little from layer to layer, so they are a good guess. `undefined`
   * for batches, after the last layer, between routers of different formats, and where nobody asked
   * for it.
   */
  get lookahead(): Float32Array | undefined {
    return this.#lookahead;
  }

  async route(layer: number, router: Matrix, x: Hidden, rule: RoutingRule): Promise<Routing> {
    const backend = this.#backend;
    const logits = this.#ops.linear(router, x);
    if (backend.measuring) {
      this.#routers.set(layer, router);
      if (this.#looksAhead) this.#ops.linear(router, x);
      const none = new Float32Array(x.tokens * router.rows);
      return scattered(rule(none, x.tokens, router.rows), router.rows);
    }
    const ahead = this.#askNext(layer, router, x);
    const values = backend.floatsOf(logits);
    const routing = rule(values, x.tokens, router.rows);
    this.#lookahead = ahead && backend.floatsOf(ahead).slice();
    if (routingEvents.hasSubscribers) this.#announce(layer, routing, values);
    return routing;
  }

  #announce(layer: number, routing: Routing, logits: Float32Array): void {
    publish("sluice:routing", () => ({
      model: this.#backend.identity,
      layer,
      ...routing,
      pass: this.#pass,
      logits,
      lookahead: this.#lookahead,
    }));
  }

  /** What the next layer's router says about `x`; computed in the round of `router` itself. */
  #askNext(layer: number, router: Matrix, x: Hidden): Hidden | undefined {
    if (!this.#looksAhead || x.tokens !== 1) return undefined;
    const layers = [...this.#routers.keys()];
    const next = this.#routers.get(layers[layers.indexOf(layer) + 1] ?? -1);
    if (next === undefined) return undefined;
    // The measured batch asked the same router twice: there is room for two answers, but only for
    // one encoding of the question.
    const { multiplier } = this.#backend;
    const [encoding, other] = [router, next].map((one) =>
      multiplier.encodingFor(cpu(one, CpuMatrix)),
    );
    if (encoding !== other) return undefined;
    return this.#ops.linear(next, x);
  }
}

/** The routing that takes most memory: as many different experts as there can be. */
export function scattered(routing: Routing, expertCount: number): Routing {
  return { ...routing, experts: routing.experts.map((_, pair) => pair % expertCount) };
}
