/** What the routers made of the held-out texts: locality, balance, and how domains differ. */
import { accessInParts, createPolicy, type LayerTokens, usedExperts } from "./engine.ts";
import { mean, rounded } from "./numbers.ts";
import type { RoutingLog } from "./routingLog.ts";

export interface LayerRouting {
  readonly layer: number;
  /** Share of a token's experts that the token before it in its document had too. */
  readonly overlap: number;
  /** Hit rate of an LRU cache of this layer alone, with slots for a part of its experts. */
  readonly lruQuarter: number;
  readonly lruHalf: number;
  /** Shares of all uses; alike for all, it would be 1 / experts. */
  readonly leastUsed: number;
  readonly mostUsed: number;
  /** Experts that no token used, and those used less than a tenth of their even share. */
  readonly dead: number;
  readonly nearlyDead: number;
}

export interface RoutingFigures {
  readonly tokens: number;
  readonly experts: number;
  readonly expertsPerToken: number;
  /** Overlap of routers that choose at random. */
  readonly chanceOverlap: number;
  readonly layers: readonly LayerRouting[];
  readonly mean: Omit<LayerRouting, "layer">;
  /** Total variation of expert use, mean over layers: 0 the same experts, 1 no expert in common. */
  readonly domainDistance: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export function routingFigures(log: RoutingLog): RoutingFigures | undefined {
  const { layers: all, expertsPerLayer, domains } = log;
  const [first] = all;
  if (first === undefined || first.tokenCount === 0) return undefined;
  const layers = all.map((tokens, layer) => layerRouting(layer, tokens, expertsPerLayer));
  const average = (key: keyof LayerRouting) => rounded(mean(layers.map((one) => one[key])), 4);
  return {
    tokens: first.tokenCount,
    experts: expertsPerLayer,
    expertsPerToken: first.expertsPerToken,
    chanceOverlap: first.expertsPerToken / expertsPerLayer,
    layers,
    mean: {
      overlap: average("overlap"),
      lruQuarter: average("lruQuarter"),
      lruHalf: average("lruHalf"),
      leastUsed: average("leastUsed"),
      mostUsed: average("mostUsed"),
      dead: average("dead"),
      nearlyDead: average("nearlyDead"),
    },
    domainDistance: domainDistances(all, domains, expertsPerLayer),
  };
}

function layerRouting(layer: number, tokens: LayerTokens, experts: number): LayerRouting {
  const uses = usesOf(tokens, experts, () => true);
  const shares = sharesOf(uses);
  return {
    layer,
    overlap: rounded(overlapOf(tokens), 4),
    lruQuarter: rounded(lruHitRate(tokens, experts, Math.floor(experts / 4)), 4),
    lruHalf: rounded(lruHitRate(tokens, experts, Math.floor(experts / 2)), 4),
    leastUsed: rounded(Math.min(...shares), 5),
    mostUsed: rounded(Math.max(...shares), 4),
    dead: experts - usedExperts(uses),
    nearlyDead: shares.filter((share) => share > 0 && share < 0.1 / experts).length,
  };
}

function overlapOf({ tokenCount, expertsPerToken, experts, sequence }: LayerTokens): number {
  let [kept, asked] = [0, 0];
  for (let token = 1; token < tokenCount; token++) {
    if (sequence[token] !== sequence[token - 1]) continue;
    const own = token * expertsPerToken;
    const before = experts.subarray(own - expertsPerToken, own);
    for (const expert of experts.subarray(own, own + expertsPerToken)) {
      if (before.includes(expert)) kept++;
    }
    asked += expertsPerToken;
  }
  return asked === 0 ? 0 : kept / asked;
}

/** Token by token; the first uses, into empty slots, count as the misses that they are. */
function lruHitRate(tokens: LayerTokens, expertsPerLayer: number, slots: number): number {
  const { tokenCount, expertsPerToken, experts } = tokens;
  const policy = createPolicy("lru", { layerCount: 1, expertsPerLayer, capacity: slots });
  let hits = 0;
  for (let step = 0; step < tokenCount; step++) {
    const begin = step * expertsPerToken;
    const batch = [...experts.subarray(begin, begin + expertsPerToken)];
    for (const part of accessInParts(policy, { step, layer: 0, experts: batch })) {
      hits += part.hits.length;
    }
  }
  return hits / experts.length;
}

function domainDistances(
  layers: readonly LayerTokens[],
  domains: readonly string[],
  experts: number,
): Record<string, Record<string, number>> {
  const names = [...new Set(domains)];
  const shares = new Map(
    names.map((name) => [
      name,
      layers.map((layer) =>
        sharesOf(usesOf(layer, experts, (sequence) => domains[sequence] === name)),
      ),
    ]),
  );
  const distance = (a: string, b: string) =>
    mean(layers.map((_, layer) => totalVariation(shares.get(a)![layer]!, shares.get(b)![layer]!)));
  return Object.fromEntries(
    names.map((a) => [a, Object.fromEntries(names.map((b) => [b, rounded(distance(a, b), 3)]))]),
  );
}

/** Uses of each expert by the documents that are wanted. */
function usesOf(
  { tokenCount, expertsPerToken, experts, sequence }: LayerTokens,
  expertsPerLayer: number,
  isWanted: (sequence: number) => boolean,
): Float64Array {
  const uses = new Float64Array(expertsPerLayer);
  for (let token = 0; token < tokenCount; token++) {
    if (!isWanted(sequence[token]!)) continue;
    const begin = token * expertsPerToken;
    for (const expert of experts.subarray(begin, begin + expertsPerToken)) uses[expert]!++;
  }
  return uses;
}

function sharesOf(uses: Float64Array): number[] {
  const all = uses.reduce((sum, own) => sum + own, 0);
  return Array.from(uses, (own) => own / Math.max(1, all));
}

function totalVariation(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, share, index) => sum + Math.abs(share - b[index]!), 0) / 2;
}
