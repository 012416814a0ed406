/**
 * SCH, segment cache best hit rate: what a cache per layer reaches that sees the next m tokens.
 *
 * Each layer has C = ratio x k slots, rounded (k: experts per token). A token's experts are looked up
 * together; then, of the residents and these k, the C stay that have the most uses within the next m
 * tokens of the layer, among equals the ones used last, and of one token the best ranked.
 *
 *   SCH(m, ratio) = uses that find their expert resident / all uses
 *
 * First uses are misses. A larger m looks further ahead; counting uses instead of asking who comes
 * next, it stays below Belady with bypassing. The authors find a ratio of about 2 the best trade-off.
 *
 * Source: J. Liang et al., arXiv:2505.16056, and its code moe-lrc (src/41_sch_calc.py), which differs
 * in two points: it counts first uses as hits while the cache is not full, and keeps the expert that
 * was used last whatever its future.
 */
import { OptionError } from "../../support/errors.ts";
import { expertsOfToken, type LayerTokens } from "./layerTokens.ts";

export interface SegmentCacheQuestion {
  readonly expertsPerLayer: number;
  /** m: tokens that the oracle sees. */
  readonly segmentLength: number;
  /** Slots per expert that a token uses. */
  readonly ratio: number;
}

/** Hit rate over all layers, in [0, 1]; 0 without any tokens. */
export function segmentCacheHitRate(
  layers: readonly LayerTokens[],
  question: SegmentCacheQuestion,
): number {
  const { segmentLength, ratio } = question;
  if (!Number.isSafeInteger(segmentLength) || segmentLength < 1) {
    throw new OptionError(`a segment must have one token or more, not ${segmentLength}`);
  }
  if (!(ratio > 0 && ratio <= 65_536)) {
    throw new OptionError(`the ratio must be above 0, up to 65536, not ${ratio}`);
  }
  let [hits, uses] = [0, 0];
  for (const layer of layers) {
    hits += layerHits(layer, question);
    uses += layer.experts.length;
  }
  return uses === 0 ? 0 : hits / uses;
}

function layerHits(layer: LayerTokens, question: SegmentCacheQuestion): number {
  const { expertsPerLayer, segmentLength, ratio } = question;
  const { expertsPerToken, tokenCount } = layer;
  const slots = Math.max(1, Math.round(ratio * expertsPerToken));
  /** Uses within the tokens to come. */
  const ahead = new Uint32Array(expertsPerLayer);
  /** Later uses are higher, and within a token better ranks. */
  const lastUse = new Float64Array(expertsPerLayer);
  const isResident = new Uint8Array(expertsPerLayer);
  const residents: number[] = [];
  const worth = (expert: number) => ahead[expert]! * 2 ** 40 + lastUse[expert]!;

  let hits = 0;
  for (let token = 0; token < Math.min(segmentLength, tokenCount); token++) {
    for (const expert of expertsOfToken(layer, token)) ahead[expert]!++;
  }
  for (let token = 0; token < tokenCount; token++) {
    const experts = expertsOfToken(layer, token);
    for (const expert of experts) hits += isResident[expert]!;
    for (const expert of experts) ahead[expert]!--;
    if (token + segmentLength < tokenCount) {
      for (const expert of expertsOfToken(layer, token + segmentLength)) ahead[expert]!++;
    }
    for (let rank = 0; rank < experts.length; rank++) {
      const expert = experts[rank]!;
      lastUse[expert] = (token + 1) * expertsPerToken - rank;
      if (isResident[expert] === 0) residents.push(expert);
      isResident[expert] = 1;
    }
    while (residents.length > slots) {
      const left = takeLeast(residents, worth);
      isResident[left] = 0;
    }
  }
  return hits;
}

/** Takes the expert of the least worth out of the list; two are never worth the same. */
function takeLeast(experts: number[], worth: (expert: number) => number): number {
  let least = 0;
  for (let index = 1; index < experts.length; index++) {
    if (worth(experts[index]!) < worth(experts[least]!)) least = index;
  }
  const taken = experts[least]!;
  experts[least] = experts.at(-1)!;
  experts.pop();
  return taken;
}
