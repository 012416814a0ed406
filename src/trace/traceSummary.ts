/** What a trace holds, counted in one walk through its file. */
import type { TraceHeader } from "./traceHeader.ts";
import type { Phase, TraceRecord } from "./traceRecord.ts";
import type { TraceSource } from "./traceSource.ts";

export interface TraceSummary {
  readonly sequences: number;
  /** A trace that ends within a forward pass counts the layer that got farthest. */
  readonly tokens: Readonly<Record<Phase | "total", number>>;
  readonly records: number;
  /** Choices of the routers: tokens x layers x top-k. */
  readonly accesses: number;
  /** What one token asks for: slots, and bytes if the header says how large experts are. */
  readonly tokenCycle: { readonly slots: number; readonly bytes: number | undefined };
  readonly experts: {
    /** Layers x experts per layer. */
    readonly total: number;
    /** Asked for at least once. */
    readonly used: number;
    /** Share of the accesses that go to the T most used experts: the best fixed set of that size. */
    readonly tokenCycleShare: number;
    /** Share of the accesses that go to the most used tenth of all experts. */
    readonly tenthShare: number;
  };
  /** The expert that most tokens chose, and which share of its layer's tokens that is. */
  readonly mostUsed:
    | { readonly layer: number; readonly expert: number; readonly tokenShare: number }
    | undefined;
  /** Records with a guess for the next layer. */
  readonly lookaheads: number;
}

/** Reads all records. @throws what `source.records` throws */
export async function summariseTrace(source: TraceSource): Promise<TraceSummary> {
  const count = new TraceCount(source.header);
  for await (const record of source.records()) count.add(record);
  return count.summary();
}

class TraceCount {
  readonly #header: TraceHeader;
  /** `[layers, experts]` */
  readonly #uses: Float64Array;
  readonly #layerTokens: Readonly<Record<Phase, Float64Array>>;
  readonly #sequences = new Set<number>();
  #records = 0;
  #lookaheads = 0;

  constructor(header: TraceHeader) {
    const { layerCount, expertsPerLayer } = header;
    this.#header = header;
    this.#uses = new Float64Array(layerCount * expertsPerLayer);
    this.#layerTokens = {
      prefill: new Float64Array(layerCount),
      decode: new Float64Array(layerCount),
    };
  }

  add({ sequence, phase, layer, tokens, experts, lookahead }: TraceRecord): void {
    this.#sequences.add(sequence);
    this.#records++;
    if (lookahead) this.#lookaheads++;
    increase(this.#layerTokens[phase], layer, tokens);
    const begin = layer * this.#header.expertsPerLayer;
    for (const expert of experts) increase(this.#uses, begin + expert, 1);
  }

  summary(): TraceSummary {
    const { layerCount, expertsPerToken, expertBytes } = this.#header;
    const sorted = this.#uses.toSorted().reverse();
    const accesses = sum(sorted);
    const shareOf = (count: number) =>
      accesses === 0 ? 0 : sum(sorted.subarray(0, count)) / accesses;
    const { prefill, decode } = this.#layerTokens;
    const slots = layerCount * expertsPerToken;
    return {
      sequences: this.#sequences.size,
      tokens: {
        prefill: most(prefill),
        decode: most(decode),
        total: most(prefill.map((tokens, layer) => tokens + (decode[layer] ?? 0))),
      },
      records: this.#records,
      accesses,
      tokenCycle: {
        slots,
        bytes: expertBytes.length === 0 ? undefined : expertsPerToken * sum(expertBytes),
      },
      experts: {
        total: sorted.length,
        used: sorted.filter((uses) => uses > 0).length,
        tokenCycleShare: shareOf(slots),
        tenthShare: shareOf(Math.ceil(sorted.length / 10)),
      },
      mostUsed: accesses === 0 ? undefined : this.#mostUsed(),
      lookaheads: this.#lookaheads,
    };
  }

  #mostUsed(): TraceSummary["mostUsed"] {
    const uses = most(this.#uses);
    const place = this.#uses.indexOf(uses);
    const layer = Math.floor(place / this.#header.expertsPerLayer);
    const { prefill, decode } = this.#layerTokens;
    const tokens = (prefill[layer] ?? 0) + (decode[layer] ?? 0);
    return { layer, expert: place % this.#header.expertsPerLayer, tokenShare: uses / tokens };
  }
}

function increase(counts: Float64Array, index: number, by: number): void {
  counts[index] = (counts[index] ?? 0) + by;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index] ?? 0;
  return total;
}

function most(values: Float64Array): number {
  return values.reduce((highest, value) => Math.max(highest, value), 0);
}
