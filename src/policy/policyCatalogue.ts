/** What each policy is called, which parameters it takes, how it is made, what may be expected. */
import { OptionError } from "../support/errors.ts";
import type { Access, PolicySetting } from "./evictionPolicy.ts";
import { type ExpertGrid, type ExpertId, expertInLayer, layerOf } from "./expertId.ts";
import { Arc } from "./policies/arc.ts";
import { Belady } from "./policies/belady.ts";
import { Clock } from "./policies/clock.ts";
import { CycleAware } from "./policies/cycleAware.ts";
import { CycleBurst } from "./policies/cycleBurst.ts";
import { Fifo } from "./policies/fifo.ts";
import { Gdsf } from "./policies/gdsf.ts";
import { LeastStale } from "./policies/leastStale.ts";
import { Lfru } from "./policies/lfru.ts";
import { Lfu } from "./policies/lfu.ts";
import { LfuDecay } from "./policies/lfuDecay.ts";
import { Lirs } from "./policies/lirs.ts";
import { LlamaCppLru, slicesByBytes } from "./policies/llamaCppLru.ts";
import { Lru } from "./policies/lru.ts";
import { slicesByLayer } from "./policies/perLayer.ts";
import { RandomReplacement } from "./policies/random.ts";
import { S3Fifo } from "./policies/s3Fifo.ts";
import { SharpInferenceSlru, sharpInferenceSlots } from "./policies/sharpInferenceSlru.ts";
import { Sieve } from "./policies/sieve.ts";
import { type Slice, Sliced } from "./policies/sliced.ts";
import { Slru } from "./policies/slru.ts";
import { WTinyLfu } from "./policies/wTinyLfu.ts";
import { numberBetween, numberList, oneOf, type ParameterReader } from "./policySpec.ts";
import type { ReplacementRule, Slots } from "./replacementRule.ts";

/** What holds for a policy; the conformance kit tests it. */
export interface PolicyTraits {
  /** Each miss gets a slot as long as one resident may leave. @default true */
  readonly admitsEveryMiss?: boolean;
  /** Nobody is evicted while slots are free. @default true */
  readonly fillsEverySlot?: boolean;
  /** A cache of n + 1 slots always holds what one of n holds. @default false */
  readonly hasInclusion?: boolean;
  /** It must be told the accesses to come. @default false */
  readonly needsFuture?: boolean;
}

/** What the cliff guard must know of a policy; see `guardCliff` of sizing. */
export interface CliffTraits {
  /** Share of the slots that an expert can hold before its second use. */
  readonly entryShare: number;
  /** More than recency decides, so that there are hits below one token cycle. */
  readonly countsUses: boolean;
}

/** What a policy is made of. */
export interface RuleMaking {
  /** Read by the entry's readers, so of the types they return. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly setting: PolicySetting;
  readonly makeInner: (slots: Slots, setting: PolicySetting) => ReplacementRule;
}

export interface PolicyEntry {
  readonly summary: string;
  readonly parameters: Readonly<Record<string, ParameterReader<unknown>>>;
  readonly traits: PolicyTraits;
  /** @default a share of 1, counting no uses: recency in one pool */
  readonly cliff?: (parameters: RuleMaking["parameters"]) => Partial<CliffTraits>;
  /** Whether it is written with another policy in parentheses. */
  readonly takesInner?: boolean;
  /** Slots really used when asked to use some. @default as many */
  readonly slots?: (capacity: number) => number;
  make(slots: Slots, making: RuleMaking): ReplacementRule;
}

const share = numberBetween(0, 1);
const multiple = numberBetween(0, Number.POSITIVE_INFINITY);
const atLeastOne = numberBetween(1, Number.POSITIVE_INFINITY);
const countsUses = () => ({ countsUses: true });

export const catalogue: Readonly<Record<string, PolicyEntry>> = {
  lru: simple("least recently used", Lru, {}, { hasInclusion: true }),
  fifo: simple("longest resident", Fifo),
  clock: simple("longest resident, with a second chance for the used", Clock),
  random: {
    ...simple("any", RandomReplacement, { seed: numberBetween(0, 2 ** 32 - 1) }),
    cliff: countsUses,
  },
  lfu: { ...simple("fewest uses ever", Lfu), cliff: countsUses },
  "lfu-decay": {
    ...simple("fewest uses, old ones fading", LfuDecay, { halfLife: atLeastOne }),
    cliff: countsUses,
  },
  slru: {
    ...simple(
      "segmented LRU: probation, then protected",
      Slru,
      { protected: share, fill: oneOf("strict", "pooled") },
      { admitsEveryMiss: false, fillsEverySlot: false },
    ),
    cliff: slruCliff,
  },
  "sharpinference-slru": {
    ...simple(
      "SharpInference's segmented LRU with lifetime frequencies",
      SharpInferenceSlru,
      { frequency: oneOf("on", "off") },
      { admitsEveryMiss: false, fillsEverySlot: false },
    ),
    slots: sharpInferenceSlots,
    cliff: ({ frequency = "on" }) => ({ entryShare: 0.25, countsUses: frequency === "on" }),
  },
  "s3-fifo": simple("three FIFO queues: small, main, ghosts", S3Fifo, {
    small: share,
    ghost: multiple,
    promotion: numberBetween(1, 3),
  }),
  sieve: simple("one FIFO queue and a hand", Sieve),
  arc: simple("recency and frequency, balanced by ghosts", Arc),
  lirs: simple("longest distance between uses", Lirs, { hir: share, ghost: multiple }),
  "w-tinylfu": {
    ...simple(
      "a window, then admission by frequency",
      WTinyLfu,
      { window: share, protected: share },
      { admitsEveryMiss: false },
    ),
    cliff: countsUses,
  },
  "llamacpp-lru": {
    summary: "llama.cpp's: LRU per kind of layer, read-only for large batches",
    parameters: {},
    traits: { admitsEveryMiss: false, fillsEverySlot: false },
    make: (slots, { setting }) => {
      const bytes = setting.expertBytes ?? new Array<number>(slots.layerCount).fill(1);
      return new Sliced(
        slots,
        slicesByBytes(setting.capacity, bytes, setting.layers),
        (own) => new LlamaCppLru(own),
      );
    },
  },
  lfru: simple("fewest uses per age", Lfru),
  "least-stale": {
    ...simple("of the layer whose turn is furthest away", LeastStale),
    cliff: countsUses,
  },
  "cycle-aware": {
    ...simple("latest expected next use in the layer cycle", CycleAware, {
      window: numberBetween(2, Number.POSITIVE_INFINITY),
    }),
    cliff: countsUses,
  },
  "cycle-burst": {
    ...simple("cycle-aware with a short and a long memory", CycleBurst, {
      window: numberBetween(2, Number.POSITIVE_INFINITY),
      burst: numberBetween(2, Number.POSITIVE_INFINITY),
      share,
    }),
    cliff: countsUses,
  },
  "per-layer": {
    summary: "a slice of the slots, and its own policy, for each layer",
    parameters: { weights: numberList() },
    traits: { admitsEveryMiss: false, fillsEverySlot: false },
    takesInner: true,
    // A layer's own slots are not swept by the other layers.
    cliff: countsUses,
    make: (slots, { parameters, setting, makeInner }) => {
      const weights = parameters["weights"] as readonly number[] | undefined;
      const { capacity, layers } = setting;
      const slices = slicesByLayer(capacity, slots.layerCount, layers, weights);
      return new Sliced(slots, slices, (own, slice) => makeInner(own, settingOf(slice, setting)));
    },
  },
  gdsf: {
    summary: "least uses x cost / size, plus age",
    parameters: { cost: oneOf("bytes", "1"), size: oneOf("slot", "bytes") },
    traits: {},
    make: (slots, { parameters, setting: { expertBytes } }) =>
      new Gdsf(slots, { ...parameters, ...(expertBytes && { expertBytes }) }),
  },
  belady: clairvoyant("latest next use; places every miss", false),
  "belady-bypass": clairvoyant("latest next use; may turn a miss away", true),
};

/** A rule that needs its slots and parameters only. */
function simple<Options extends object>(
  summary: string,
  Rule: new (slots: Slots, options: Options) => ReplacementRule,
  parameters: { readonly [Key in keyof Options]?: ParameterReader<Options[Key]> } = {},
  traits: PolicyTraits = {},
): PolicyEntry {
  return {
    summary,
    parameters: parameters as PolicyEntry["parameters"],
    traits,
    make: (slots, making) => new Rule(slots, making.parameters as Options),
  };
}

function clairvoyant(summary: string, mayBypass: boolean): PolicyEntry {
  return {
    summary,
    parameters: {},
    traits: { needsFuture: true, admitsEveryMiss: !mayBypass },
    cliff: countsUses,
    make: (slots, { setting: { future } }) => {
      if (future === undefined) {
        throw new OptionError("a clairvoyant policy must be given the accesses to come");
      }
      return new Belady(slots, { future, mayBypass });
    },
  };
}

/** Strict segments keep newcomers to probation; a share of 0 still has one slot. */
function slruCliff({ protected: kept = 0.8, fill = "strict" }: RuleMaking["parameters"]) {
  // 1 - 0.8 is a little less than 0.2, which would cost a slot.
  const probation = Number((1 - Number(kept)).toFixed(9));
  return fill === "pooled" ? {} : { entryShare: Math.max(1e-4, probation) };
}

/** A slice's own setting, in its own numbering. */
function settingOf({ layers, capacity }: Slice, setting: PolicySetting): PolicySetting {
  const inside = (grid: ExpertGrid, id: ExpertId) =>
    layers.indexOf(layerOf(grid, id)) * grid.expertsPerLayer + expertInLayer(grid, id);
  const future = setting.future?.flatMap((access): Access[] => {
    const layer = layers.indexOf(access.layer);
    if (layer === -1) return [];
    return [{ ...access, layer, experts: access.experts.map((id) => inside(setting, id)) }];
  });
  return {
    layerCount: layers.length,
    expertsPerLayer: setting.expertsPerLayer,
    capacity,
    ...(setting.expertBytes && {
      expertBytes: layers.map((layer) => setting.expertBytes![layer]!),
    }),
    ...(future && { future }),
  };
}
