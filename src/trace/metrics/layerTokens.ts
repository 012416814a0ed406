/** A trace seen layer by layer: which experts each token got, batches taken apart. */
import type { TraceHeader } from "../traceHeader.ts";
import type { Phase, TraceRecord } from "../traceRecord.ts";

/** What metrics need of a trace; a `RoutingTrace` has it. */
export interface TraceView extends Iterable<TraceRecord> {
  readonly header: TraceHeader;
}

/** One layer's tokens in the order in which they were routed. */
export interface LayerTokens {
  readonly tokenCount: number;
  readonly expertsPerToken: number;
  /** `[tokenCount, expertsPerToken]`, best first. */
  readonly experts: Uint16Array;
  /** `[tokenCount]` */
  readonly sequence: Uint32Array;
  /** `[tokenCount]` */
  readonly position: Uint32Array;
}

/**
 * The tokens of every layer, of one phase or of both. Layers may differ in number: engines skip what
 * nobody needs of a prompt's last layer, and a trace may end within a forward pass.
 */
export function tokensByLayer(trace: TraceView, phase?: Phase): LayerTokens[] {
  const { layerCount, expertsPerToken } = trace.header;
  const counts = new Array<number>(layerCount).fill(0);
  for (const record of trace) {
    if (phase === undefined || record.phase === phase) counts[record.layer]! += record.tokens;
  }
  const layers = counts.map((tokenCount) => ({
    tokenCount,
    expertsPerToken,
    experts: new Uint16Array(tokenCount * expertsPerToken),
    sequence: new Uint32Array(tokenCount),
    position: new Uint32Array(tokenCount),
  }));
  counts.fill(0);
  for (const record of trace) {
    if (phase !== undefined && record.phase !== phase) continue;
    const { experts, sequence, position } = layers[record.layer]!;
    const begin = counts[record.layer]!;
    experts.set(record.experts, begin * expertsPerToken);
    sequence.fill(record.sequence, begin, begin + record.tokens);
    for (let token = 0; token < record.tokens; token++) {
      position[begin + token] = record.position + token;
    }
    counts[record.layer] = begin + record.tokens;
  }
  return layers;
}

/** The experts of one token of the layer. */
export function expertsOfToken(tokens: LayerTokens, token: number): Uint16Array {
  const { experts, expertsPerToken } = tokens;
  return experts.subarray(token * expertsPerToken, (token + 1) * expertsPerToken);
}

/** The numbers of the layer's tokens, apart for each sequence, in order. */
export function tokensOfSequences({ sequence }: LayerTokens): number[][] {
  const bySequence = new Map<number, number[]>();
  sequence.forEach((one, token) => {
    const tokens = bySequence.get(one);
    if (tokens === undefined) bySequence.set(one, [token]);
    else tokens.push(token);
  });
  return [...bySequence.values()];
}
