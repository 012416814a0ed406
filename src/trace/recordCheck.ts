/** What makes a trace's header and records believable: nothing from a file is used before this. */
import { quoted } from "../support/quoted.ts";
import type { TraceHeader } from "./traceHeader.ts";
import type { TraceRecord } from "./traceRecord.ts";

/** Expert ids are 16 bits wide. */
export const mostExpertsPerLayer: number = 2 ** 16;
/** Far above any model; a few digits in a file must not cost gigabytes. */
export const mostLayers: number = 2 ** 12;
/** Positions, sequences and counts of tokens are 32 bits wide. */
export const mostTokens: number = 2 ** 32 - 1;

/** Why no trace can have this header, or `undefined`. */
export function headerFault(header: TraceHeader): string | undefined {
  const { layerCount, expertsPerLayer, expertsPerToken, expertBytes } = header;
  if (!isWhole(layerCount, 1, mostLayers)) {
    return `layerCount ${layerCount} must be a whole number from 1 to ${mostLayers}`;
  }
  if (!isWhole(expertsPerLayer, 1, mostExpertsPerLayer)) {
    return `expertsPerLayer ${expertsPerLayer} must be a whole number from 1 to ${mostExpertsPerLayer}`;
  }
  if (!isWhole(expertsPerToken, 1, expertsPerLayer)) {
    return `expertsPerToken ${expertsPerToken} must be a whole number from 1 to ${expertsPerLayer}, the experts of a layer`;
  }
  if (expertBytes.length !== 0 && expertBytes.length !== layerCount) {
    return `expertBytes has ${expertBytes.length} entries for ${layerCount} layers`;
  }
  const bad = expertBytes.find((bytes) => !isWhole(bytes, 1, Number.MAX_SAFE_INTEGER));
  return bad === undefined ? undefined : `expertBytes has the entry ${quoted(String(bad))}`;
}

/** Why a trace with this header cannot hold this record, or `undefined`. */
export function recordFault(header: TraceHeader, record: TraceRecord): string | undefined {
  const { layerCount, expertsPerLayer, expertsPerToken } = header;
  const { sequence, phase, position, layer, tokens, experts, weights, logits, lookahead } = record;
  if (!isWhole(layer, 0, layerCount - 1)) return `layer ${layer} of ${layerCount}`;
  if (!isWhole(tokens, 1, mostTokens)) return `a pass of ${tokens} tokens`;
  if (!isWhole(position, 0, mostTokens)) return `position ${position}`;
  if (!isWhole(sequence, 0, mostTokens)) return `sequence ${sequence}`;
  if (phase !== "prefill" && phase !== "decode") return `phase ${quoted(String(phase))}`;
  if (experts.length !== tokens * expertsPerToken) {
    return `${experts.length} experts for ${tokens} tokens x top-${expertsPerToken}`;
  }
  for (const expert of experts) {
    if (expert >= expertsPerLayer) return `expert ${expert} of ${expertsPerLayer}`;
  }
  return (
    matrixFault("weights", weights, header.hasWeights, experts.length) ??
    matrixFault("logits", logits, header.hasLogits, tokens * expertsPerLayer) ??
    matrixFault("lookahead", lookahead, lookahead !== undefined, expertsPerLayer)
  );
}

function matrixFault(
  name: string,
  values: Float32Array | undefined,
  expected: boolean,
  length: number,
): string | undefined {
  if ((values !== undefined) !== expected) {
    return expected ? `no ${name}, which the header promises` : `${name} that the header denies`;
  }
  if (values === undefined || values.length === length) return undefined;
  return `${values.length} ${name}, ${length} expected`;
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
