/**
 * Reuse distance: how much lies between two uses of an expert.
 *
 * - In tokens: the expert's layer has routed d more tokens; 1 is "the very next token". Every use
 *   counts, prompts token by token.
 * - In distinct experts: d other experts, of all layers, were asked for in between. A batch asks once
 *   for each of its experts, in order of first appearance, as it does of a cache. LRU with C slots
 *   and single accesses hits exactly the uses with d < C, so the histogram, summed up, is the LRU
 *   curve for all sizes at once.
 *
 * Source: R. Mattson et al., "Evaluation techniques for storage hierarchies", IBM Systems Journal 9 (2),
 * 1970 (stack distance); in O(n log n) by counting marks at last uses: B. Bennett and V. Kruskal, "LRU
 * stack processing", IBM Journal of Research and Development 19 (4), 1975.
 */
import { expertCount, expertId } from "../../policy/expertId.ts";
import type { Phase } from "../traceRecord.ts";
import type { DistanceHistogram } from "./distanceHistogram.ts";
import { FenwickTree } from "./fenwickTree.ts";
import { expertsOfToken, type LayerTokens, type TraceView } from "./layerTokens.ts";

/** Over all layers. `counts[0]` is 0 unless a token names an expert twice. */
export function reuseInTokens(
  layers: readonly LayerTokens[],
  expertsPerLayer: number,
): DistanceHistogram {
  const longest = layers.reduce((most, { tokenCount }) => Math.max(most, tokenCount), 0);
  const counts = new Float64Array(longest);
  let [firstUses, uses] = [0, 0];
  for (const layer of layers) {
    const lastToken = new Int32Array(expertsPerLayer).fill(-1);
    for (let token = 0; token < layer.tokenCount; token++) {
      for (const expert of expertsOfToken(layer, token)) {
        const last = lastToken[expert]!;
        if (last < 0) firstUses++;
        else counts[token - last]!++;
        lastToken[expert] = token;
        uses++;
      }
    }
  }
  return { counts, firstUses, uses };
}

/** @param phase which accesses to count; the others still lie in between */
export function reuseInExperts(trace: TraceView, phase?: Phase): DistanceHistogram {
  const { header } = trace;
  let accessCount = 0;
  for (const record of trace) accessCount += new Set(record.experts).size;
  /** Marks the last use of every expert: the marks between two times are the distinct experts. */
  const lastUses = new FenwickTree(accessCount);
  const lastUse = new Int32Array(expertCount(header)).fill(-1);
  const counts = new Float64Array(expertCount(header));
  let [firstUses, uses, time] = [0, 0, 0];
  for (const record of trace) {
    const isCounted = phase === undefined || record.phase === phase;
    for (const expert of new Set(record.experts)) {
      const id = expertId(header, record.layer, expert);
      const last = lastUse[id]!;
      if (isCounted) uses++;
      if (last >= 0) {
        const distance = lastUses.sumBefore(time) - lastUses.sumBefore(last + 1);
        if (isCounted) counts[distance]!++;
        lastUses.add(last, -1);
      } else if (isCounted) firstUses++;
      lastUses.add(time, 1);
      lastUse[id] = time++;
    }
  }
  return { counts, firstUses, uses };
}
