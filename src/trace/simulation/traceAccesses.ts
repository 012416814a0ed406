/**
 * What a trace asks of a cache, ready for replays: for each record the distinct experts of its layer,
 * in the order in which the tokens and their ranks first name them. Computed once and kept in shared
 * memory, so that threads replay the same columns: four bytes per expert, and some fifteen per access.
 */
import type { Access } from "../../policy/evictionPolicy.ts";
import { GrowingColumn } from "../growingColumn.ts";
import type { RoutingTrace } from "../routingTrace.ts";

export interface TraceAccesses {
  /** `[accesses]` */
  readonly sequence: Uint32Array;
  /** `[accesses]`: 0 prefill, 1 decode. */
  readonly phase: Uint8Array;
  /** `[accesses]` */
  readonly layer: Uint16Array;
  /** `[accesses]`: tokens of the forward pass that begins here; 0 where one goes on. */
  readonly passTokens: Uint32Array;
  /** `[accesses + 1]`: first expert of each access, then the number of all. */
  readonly begin: Uint32Array;
  /** Expert ids. */
  readonly experts: Uint32Array;
}

export interface TraceAccessesOptions {
  /**
   * Take the passes of a prompt together: one access per layer with all that its tokens use, layer by
   * layer. Otherwise there is one access per record. @default false
   */
  readonly mergesPrompts?: boolean;
  /** Of tokens that name the same expert, which one gives it its place. @default "first" */
  readonly order?: "first" | "last";
}

/** @returns columns in shared memory */
export function traceAccesses(
  trace: RoutingTrace,
  { mergesPrompts = false, order = "first" }: TraceAccessesOptions = {},
): TraceAccesses {
  const builder = new AccessBuilder(trace, order);
  const { recordCount, columns } = trace;
  let record = 0;
  while (record < recordCount) {
    const end = mergesPrompts ? endOfPrompt(trace, record) : record;
    if (end === record) {
      builder.add([record], beginsPass(trace, record));
      record++;
      continue;
    }
    const records = Array.from({ length: end - record }, (_, index) => record + index);
    const byLayer = Map.groupBy(records, (one) => columns.layer[one]!);
    const layers = [...byLayer.keys()].sort((a, b) => a - b);
    for (const layer of layers) builder.add(byLayer.get(layer)!, layer === layers[0]);
    record = end;
  }
  return builder.build();
}

/** The experts of one access, as policies take them. */
export function expertsOf({ begin, experts }: TraceAccesses, access: number): number[] {
  const first = begin[access]!;
  const ids = new Array<number>(begin[access + 1]! - first);
  for (let place = 0; place < ids.length; place++) ids[place] = experts[first + place]!;
  return ids;
}

/** The accesses as a clairvoyant policy is told them: in order, without a clock. */
export function futureOf(accesses: TraceAccesses): Access[] {
  return Array.from(accesses.layer, (layer, access) => {
    return { step: 0, layer, experts: expertsOf(accesses, access) };
  });
}

/**
 * Whether a record opens a forward pass. Neither its position nor its number of tokens say so: of a
 * prompt's last layer, engines compute only the tokens whose logits somebody wants.
 */
function beginsPass({ columns }: RoutingTrace, record: number): boolean {
  if (record === 0) return true;
  const { sequence, phase, layer } = columns;
  return (
    sequence[record] !== sequence[record - 1] ||
    phase[record] !== phase[record - 1] ||
    layer[record]! <= layer[record - 1]!
  );
}

/** The record after the prompt that begins here; `record` itself where none does. */
function endOfPrompt({ columns, recordCount }: RoutingTrace, record: number): number {
  const { sequence, phase } = columns;
  let end = record;
  while (end < recordCount && phase[end] === 0 && sequence[end] === sequence[record]) end++;
  return end;
}

class AccessBuilder {
  readonly #trace: RoutingTrace;
  readonly #order: "first" | "last";
  readonly #sequence = new GrowingColumn((buffer) => new Uint32Array(buffer));
  readonly #phase = new GrowingColumn((buffer) => new Uint8Array(buffer));
  readonly #layer = new GrowingColumn((buffer) => new Uint16Array(buffer));
  readonly #passTokens = new GrowingColumn((buffer) => new Uint32Array(buffer));
  readonly #begin = new GrowingColumn((buffer) => new Uint32Array(buffer));
  readonly #experts = new GrowingColumn((buffer) => new Uint32Array(buffer));

  constructor(trace: RoutingTrace, order: "first" | "last") {
    this.#trace = trace;
    this.#order = order;
    this.#begin.push(0);
  }

  /** Records of one layer make one access. */
  add(records: readonly number[], isPassStart: boolean): void {
    const { header, columns } = this.#trace;
    const { expertsPerLayer, expertsPerToken } = header;
    const layer = columns.layer[records[0]!]!;
    const named: number[] = [];
    for (const record of records) {
      const end = columns.begin[record + 1]! * expertsPerToken;
      for (let at = columns.begin[record]! * expertsPerToken; at < end; at++) {
        named.push(layer * expertsPerLayer + columns.experts[at]!);
      }
    }
    this.#sequence.push(columns.sequence[records[0]!]!);
    this.#phase.push(columns.phase[records[0]!]!);
    this.#layer.push(layer);
    this.#passTokens.push(isPassStart ? named.length / expertsPerToken : 0);
    const distinct =
      this.#order === "first" ? new Set(named) : [...new Set(named.reverse())].reverse();
    for (const expert of distinct) this.#experts.push(expert);
    this.#begin.push(this.#experts.length);
  }

  build(): TraceAccesses {
    return {
      sequence: this.#sequence.shared(),
      phase: this.#phase.shared(),
      layer: this.#layer.shared(),
      passTokens: this.#passTokens.shared(),
      begin: this.#begin.shared(),
      experts: this.#experts.shared(),
    };
  }
}
