import { expect, test } from "vitest";
import { addCounts } from "../../../src/policy/cache/cacheCounts.ts";
import type { CacheDecision } from "../../../src/policy/cache/decisions.ts";
import { ExpertCache } from "../../../src/policy/cache/expertCache.ts";
import { GateLookaheadPredictor } from "../../../src/policy/predictors/gateLookahead.ts";
import type { ExpertPredictor } from "../../../src/policy/predictors/predictor.ts";
import { PreviousTokenPredictor } from "../../../src/policy/predictors/previousToken.ts";
import { AccessProfile } from "../../../src/policy/profile.ts";

const grid = { layerCount: 2, expertsPerLayer: 8 };
const onePool = (slots: number) => [{ layers: [0, 1], slots }];

/** Serves whole passes, and writes every decision down. */
class Player {
  readonly log: string[] = [];
  readonly cache: ExpertCache;

  constructor(options: Partial<ConstructorParameters<typeof ExpertCache>[0]> = {}) {
    this.cache = new ExpertCache({
      ...grid,
      policy: "lru",
      pools: onePool(4),
      ...options,
      onDecision: (decision) => this.log.push(inWords(decision)),
    });
  }

  /** Expert numbers within each layer. */
  pass(tokens: number, ...layers: readonly (readonly number[])[]): void {
    this.cache.beginPass({ tokens, phase: tokens === 1 ? "decode" : "prefill" });
    for (const [layer, experts] of layers.entries()) {
      const ids = experts.map((expert) => layer * grid.expertsPerLayer + expert);
      for (const _ of this.cache.access(layer, ids));
    }
  }
}

function inWords({ pass, layer, kind, expert, victim }: CacheDecision): string {
  return `${pass}.${layer} ${kind} ${expert}${victim === undefined ? "" : ` for ${victim}`}`;
}

test("a pass hits what earlier ones brought, and the log tells each decision", () => {
  const player = new Player();
  player.pass(1, [0, 1], [0, 1]);
  player.pass(1, [1, 2], [0]);
  expect(player.log).toEqual([
    "0.0 admit 0",
    "0.0 admit 1",
    "0.1 admit 8",
    "0.1 admit 9",
    "1.0 hit 1",
    "1.0 admit 2 for 0",
    "1.1 hit 8",
  ]);
  expect(player.cache.counts("decode")).toEqual({
    uses: 7,
    hits: 2,
    admitted: 5,
    bypassed: 0,
    evictions: 1,
    usedBytes: 7,
    hitBytes: 2,
    movedBytes: 5,
  });
  expect(player.cache.counts("prefill").uses).toBe(0);
});

test("bytes are those of the layer", () => {
  const player = new Player({ expertBytes: [10, 1000] });
  player.pass(2, [0, 1], [0]);
  player.pass(1, [0], [0, 3]);
  const counts = addCounts(player.cache.counts("prefill"), player.cache.counts("decode"));
  expect(counts).toMatchObject({ usedBytes: 3030, hitBytes: 1010, movedBytes: 2020 });
  expect(player.cache.profile.expert(1, 3)).toMatchObject({ misses: 1, bytes: 1000 });
});

test("a wide pass takes free slots and displaces nobody", () => {
  const player = new Player({ wideTokens: 4 });
  player.pass(1, [0], [0]);
  player.pass(5, [1, 2, 3], [1]);
  expect(player.log.slice(2)).toEqual([
    "1.0 admit 1",
    "1.0 admit 2",
    "1.0 bypass 3",
    "1.1 bypass 9",
  ]);
  player.pass(4, [3]);
  expect(player.log.at(-1)).toBe("2.0 admit 3 for 0");
});

test("no more misses of a pass enter than it may insert", () => {
  const player = new Player({ insertsPerPass: 2 });
  player.pass(1, [0], [0, 1]);
  player.pass(1, [2]);
  expect(player.log).toEqual(["0.0 admit 0", "0.1 admit 8", "0.1 bypass 9", "1.0 admit 2"]);
});

test("a batch of more experts than slots comes in parts", () => {
  const { cache } = new Player({ pools: onePool(2) });
  cache.beginPass({ tokens: 3, phase: "prefill" });
  const parts = [...cache.access(0, [0, 1, 2, 3, 4])].map(({ admitted }) =>
    admitted.map(({ expert }) => expert),
  );
  expect(parts).toEqual([[0, 1], [2, 3], [4]]);
});

test("experts in flight cannot be victims, until their part is over", () => {
  const { cache } = new Player({ pools: onePool(2) });
  cache.beginPass({ tokens: 1, phase: "decode" });
  for (const _ of cache.access(0, [0, 1])) {
    expect(cache.fill([2])).toEqual([]);
    const inner = [...cache.access(1, [8])];
    expect(inner[0]?.bypassed).toEqual([8]);
  }
  expect([...cache.access(1, [8])][0]?.admitted).toEqual([{ expert: 8, victim: 0 }]);
});

test("pools do not share slots", () => {
  const pools = [
    { layers: [0], slots: 1 },
    { layers: [1], slots: 3 },
  ];
  const player = new Player({ pools });
  player.pass(1, [0], [0, 1]);
  player.pass(1, [1], [2]);
  expect(player.log.slice(3)).toEqual(["1.0 admit 1 for 0", "1.1 admit 10"]);
  expect(player.cache.poolSlots).toEqual([1, 3]);
  expect(player.cache.slotCount).toBe(4);
});

test("a clairvoyant policy is told of its own pool only", () => {
  const future = [
    { step: 0, layer: 0, experts: [0] },
    { step: 0, layer: 1, experts: [8] },
    { step: 1, layer: 0, experts: [0] },
    { step: 1, layer: 1, experts: [8] },
  ];
  const pools = [0, 1].map((layer) => ({ layers: [layer], slots: 1 }));
  const player = new Player({ policy: "belady", pools, future });
  player.pass(1, [0], [0]);
  player.pass(1, [0], [0]);
  expect(player.cache.counts("decode").hits).toBe(2);
});

test("layers outside of all pools, in two pools, and layers that do not exist are refused", () => {
  const pools = (...layers: readonly number[][]) => ({
    pools: layers.map((members) => ({ layers: members, slots: 2 })),
  });
  expect(() => new Player(pools([0]))).toThrow("layer 1 must be in one pool, not in 0");
  expect(() => new Player(pools([0, 1], [1]))).toThrow("layer 1 must be in one pool, not in 2");
  const { cache } = new Player();
  expect(() => [...cache.access(2, [16])]).toThrow("there is no layer 2: layers go to 1");
  expect(() => cache.beginPass({ tokens: 0, phase: "decode" })).toThrow("tokens must be");
});

test("fill gives free slots only, each once, and is no prefetch", () => {
  const player = new Player();
  player.pass(1, [0]);
  expect(player.cache.fill([0, 5, 5, 9, 1, 2])).toEqual([5, 9, 1]);
  expect(player.cache.residentCount).toBe(4);
  expect(player.cache.prefetchTotals().issued.count).toBe(0);
  player.pass(1, [5], [1]);
  expect(player.log.slice(1)).toEqual(["1.0 hit 5", "1.1 hit 9"]);
});

/** Always has the same guess about each layer. */
function prophet(guesses: readonly Readonly<Record<number, number>>[]): ExpertPredictor {
  return {
    name: "prophet",
    observe() {},
    predict(layer) {
      const scores = new Float64Array(grid.expertsPerLayer);
      for (const [expert, score] of Object.entries(guesses[layer] ?? {}))
        scores[Number(expert)] = score;
      return scores;
    },
    reset() {},
  };
}

const prefetch = { bytesPerPass: 2, layersAhead: 1, expertsPerLayer: 2 };

test("guesses are fetched behind the misses, the likeliest first, within the limits", () => {
  const predictor = prophet([{ 7: 1 }, { 3: 0.2, 4: 0.9, 5: 0.5 }]);
  const player = new Player({ predictor, prefetch });
  player.pass(1, [0, 1], [4]);
  expect(player.log).toEqual([
    "0.0 admit 0",
    "0.0 admit 1",
    "0.0 prefetch 12",
    "0.0 prefetch 13",
    "0.1 hit 12",
  ]);
  player.cache.arrived(13);
  player.pass(1, [7], [3]);
  player.pass(1, [2]);
  expect(player.log.slice(5)).toEqual([
    "1.0 admit 7 for 0",
    "1.1 admit 11 for 1",
    "2.0 admit 2 for 13", // which was never asked for
    "2.0 prefetch 13 for 12", // the bytes are whole again with each pass
  ]);
  player.cache.close();
  const { issued, late, wasted, dropped } = player.cache.prefetchTotals();
  expect([issued, late, wasted, dropped].map(({ count }) => count)).toEqual([3, 1, 1, 1]);
});

test("experts that have arrived are useful", () => {
  const player = new Player({ predictor: prophet([{}, { 4: 1 }]), prefetch });
  player.cache.beginPass({ tokens: 1, phase: "decode" });
  for (const { prefetches } of player.cache.access(0, [0])) {
    expect(prefetches).toEqual([{ expert: 12, victim: undefined, score: 1 }]);
    player.cache.arrived(12);
    player.cache.arrived(0); // no prefetch: nothing to note
  }
  for (const _ of player.cache.access(1, [12]));
  expect(player.cache.prefetchTotals().useful.count).toBe(1);
});

test("nothing is prefetched for wide passes, without limits, or where nobody may leave", () => {
  const predictor = prophet([{}, { 4: 1 }]);
  const wide = new Player({ predictor, prefetch, wideTokens: 1 });
  wide.pass(2, [0]);
  const unlimited = new Player({ predictor });
  unlimited.pass(1, [0]);
  const crowded = new Player({ predictor, prefetch, pools: onePool(1) });
  crowded.pass(1, [0]);
  for (const { log } of [wide, unlimited, crowded]) expect(log).toEqual(["0.0 admit 0"]);
});

test("a predictor that knows nothing about a layer is passed over", () => {
  const predictor = new PreviousTokenPredictor({ ...grid, maxActive: 2 });
  const player = new Player({ predictor, prefetch: { ...prefetch, layersAhead: 5 } });
  player.pass(1, [0], [1]);
  expect(player.log).toEqual(["0.0 admit 0", "0.1 admit 9"]);
});

test("early router logits reach the predictor, for the layer after", () => {
  const player = new Player({ predictor: new GateLookaheadPredictor(grid), prefetch });
  player.cache.beginPass({ tokens: 1, phase: "decode" });
  const logits = [0, 0, 9, 0, 0, 0, 8, 0];
  const [part] = [...player.cache.access(0, [0], logits)];
  expect(part?.prefetches.map(({ expert }) => expert)).toEqual([10, 14]);
  const [next] = [...player.cache.access(1, [10], logits)];
  expect(next?.prefetches.map(({ expert }) => expert)).toEqual([]); // the bytes are spent
});

test("an expert whose bytes do not come leaves, and its prefetch is dropped", () => {
  const player = new Player({ predictor: prophet([{}, { 4: 1 }]), prefetch });
  player.pass(1, [0]);
  player.cache.forget(12);
  player.cache.forget(0);
  expect(player.cache.residentCount).toBe(0);
  expect(player.cache.prefetchTotals().dropped.count).toBe(1);
});

test("the hottest are pinned when it is time, and stay", () => {
  const profile = new AccessProfile(grid);
  const player = new Player({ profile, warmPins: { perLayer: 1, afterAccesses: 3 } });
  player.pass(1, [0, 1], [0]);
  expect(player.log.slice(3)).toEqual(["0.1 pin 0", "0.1 pin 8"]);
  player.pass(1, [2, 3, 4, 5], []);
  expect(player.log.slice(5)).toEqual([
    "1.0 admit 2",
    "1.0 admit 3 for 1",
    "1.0 bypass 4",
    "1.0 bypass 5",
  ]);
});

test("a loop left early releases its part", () => {
  const { cache } = new Player({ pools: onePool(1) });
  cache.beginPass({ tokens: 1, phase: "decode" });
  for (const _ of cache.access(0, [0])) break;
  expect([...cache.access(0, [1])][0]?.admitted).toEqual([{ expert: 1, victim: 0 }]);
});

test("a wide pass is served in the order of the file, others in the order they are named", () => {
  const order = (tokens: number, slots: number) => {
    const { cache } = new Player({ wideTokens: 2, pools: onePool(slots) });
    cache.fill([0, 1, 8, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15].slice(0, slots - 5));
    cache.beginPass({ tokens, phase: "prefill" });
    return [...cache.access(0, [6, 2, 5, 0, 7])].map(({ hits, admitted, bypassed }) => ({
      hits,
      misses: [...admitted.map(({ expert }) => expert), ...bypassed],
    }));
  };
  expect(order(2, 8)).toEqual([{ hits: [0], misses: [6, 2, 5, 7] }]);
  expect(order(3, 8)).toEqual([{ hits: [0], misses: [2, 5, 6, 7] }]);
  expect(order(2, 21)).toEqual([{ hits: [6, 2, 5, 0, 7], misses: [] }]);
  expect(order(3, 21)).toEqual([{ hits: [0, 2, 5, 6, 7], misses: [] }]);
});

test("fill makes nobody leave, though a policy keeps slots back", () => {
  const { cache } = new Player({ policy: "sharpinference-slru", pools: onePool(8) });
  // A quarter of the slots is for newcomers.
  expect(cache.fill([3, 4, 5, 6, 7])).toEqual([3, 4]);
  expect(cache.residentCount).toBe(2);
  const sliced = new Player({ policy: "per-layer(lru)", pools: onePool(4) });
  expect(sliced.cache.fill([0, 1, 2, 3, 8])).toEqual([0, 1, 8]);
});

test.for(["per-layer(lru)", "llamacpp-lru"])(
  "%s divides a pool's slots among its layers alone",
  (policy) => {
    const pools = [0, 1].map((layer) => ({ layers: [layer], slots: 3 }));
    const { cache } = new Player({ policy, pools, expertBytes: [5, 7] });
    expect(cache.fill([0, 1, 2, 3, 8, 9, 10, 11])).toEqual([0, 1, 2, 8, 9, 10]);
  },
);

test("nobody has to listen", () => {
  const cache = new ExpertCache({ ...grid, policy: "lru", pools: onePool(2) });
  cache.beginPass({ tokens: 1, phase: "decode" });
  for (const _ of cache.access(0, [0, 1, 2]));
  expect(cache.counts("decode")).toMatchObject({ uses: 3, admitted: 3, evictions: 1 });
});
