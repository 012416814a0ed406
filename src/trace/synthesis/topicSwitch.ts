/**
 * A change of topic: any trace, and then the same once more with the experts of every layer
 * renumbered, so that everything learnt about who is popular is wrong from one token to the next.
 *
 *   expert e of layer l  ->  (e + 37 + l) mod expertsPerLayer
 *
 * Known answers for the second half alone, prompt included: LRU and Belady hit as in the first half
 * wherever their slots are full at the switch (LRU) or in any case (Belady, which is a bound). What a
 * policy loses against its first half is what it had learnt: lifetime counts (`lfu`,
 * `sharpinference-slru`) lose most.
 *
 * Routers that truly change topic keep some experts, so this is an upper bound of the harm.
 */
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import type { SyntheticTrace } from "./syntheticTrace.ts";

/** What a `RoutingTrace` has. */
export interface SwitchSource extends Iterable<TraceRecord> {
  readonly header: TraceHeader;
}

/** The second half's sequences are numbered on from those of the first. */
export function switchTopic(source: SwitchSource): SyntheticTrace {
  const { header } = source;
  const count = header.expertsPerLayer;

  function* records(): Generator<TraceRecord> {
    let sequences = 0;
    for (const record of source) {
      sequences = Math.max(sequences, record.sequence + 1);
      yield record;
    }
    for (const record of source) {
      yield { ...renumbered(record, count), sequence: record.sequence + sequences };
    }
  }

  return {
    header: {
      ...header,
      model: `${header.model}, topic switched`,
      origin: `sluice trace synth switch, from ${header.origin}`,
    },
    records: { [Symbol.iterator]: records },
  };
}

function renumbered(record: TraceRecord, count: number): TraceRecord {
  const { layer, experts, logits, lookahead } = record;
  return {
    ...record,
    experts: experts.map((expert) => newNumber(layer, expert, count)),
    ...(logits && { logits: moved(logits, layer, count) }),
    // The guess speaks of the next layer's experts.
    ...(lookahead && { lookahead: moved(lookahead, layer + 1, count) }),
  };
}

function newNumber(layer: number, expert: number, count: number): number {
  return (expert + 37 + layer) % count;
}

/** `[rows, count]` with the columns where the renumbered experts are. */
function moved(values: Float32Array, layer: number, count: number): Float32Array {
  const output = new Float32Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const expert = index % count;
    output[index - expert + newNumber(layer, expert, count)] = values[index]!;
  }
  return output;
}
