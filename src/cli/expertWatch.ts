/** Watches how experts on demand are doing while a model works: counts, bytes, waits, times. */
import type { ExpertReport } from "../generation/expertTier.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import type { CacheCounts, Phase } from "../policy/cache/cacheCounts.ts";
import type { PrefetchTally, PrefetchTotals } from "../policy/prefetch/prefetchLedger.ts";
import { SluiceError } from "../support/errors.ts";
import { subscribe } from "../support/events.ts";
import { type GpuTally, gpusHoldAll, gpuTallies, ramReport } from "./gpuFigures.ts";

/** Numbers that only grow while a model works, unless it has to begin anew without a GPU. */
export interface ExpertTally {
  /** Of RAM. */
  readonly counts: Readonly<Record<Phase, CacheCounts>>;
  readonly prefetch: Readonly<Record<Exclude<keyof PrefetchTotals, "pending">, PrefetchTally>>;
  readonly bytesRead: number;
  readonly stallMs: Readonly<Record<Phase, number>>;
  /** Tokens computed one at a time. */
  readonly decodeSteps: number;
  /** Those of them that another one followed, from the beginning of one to that of the next. */
  readonly timed: { readonly steps: number; readonly ms: number };
  /** One for each GPU. */
  readonly gpus: readonly GpuTally[];
}

/** Where every expert that may be asked for has a slot, so that nothing has to come. */
export interface AllHeld {
  readonly ram: boolean;
  readonly gpus: boolean;
}

/** What a model says of itself at one time. */
interface Look {
  readonly ram: ExpertReport;
  readonly gpus: readonly GpuTally[];
  readonly held: AllHeld;
}

/** Watches a model's experts from its making until it is disposed of. */
export class ExpertWatch implements Disposable {
  readonly #model: LanguageModel;
  readonly #stop: () => void;
  readonly #stallMs: Record<Phase, number> = { prefill: 0, decode: 0 };
  readonly #timed = { steps: 0, ms: 0 };
  #decodeSteps = 0;
  #phase: Phase = "prefill";
  #stepBegan = 0;
  #stallMsSeen: number;
  #last: Look;

  constructor(model: LanguageModel) {
    this.#model = model;
    this.#last = lookAt(model);
    this.#stallMsSeen = this.#last.ram.stallMs;
    const firstLayer = model.expertLayers[0]?.layer;
    this.#stop = subscribe("sluice:routing", ({ model: identity, layer, pass }) => {
      if (identity === model.identity && layer === firstLayer) this.#beginPass(pass.phase);
    });
  }

  /** Nothing is read or sent on demand, nor decided. */
  get held(): AllHeld {
    return this.#look().held;
  }

  /** Counts since the model was opened; steps, times and stalls since the watch began. */
  tally(): ExpertTally {
    this.#bookStall();
    const { ram, gpus } = this.#look();
    const { counts, bytesRead, prefetch } = ram;
    const { issued, useful, late, wasted, dropped } = prefetch;
    return {
      counts,
      prefetch: { issued, useful, late, wasted, dropped },
      bytesRead,
      stallMs: { ...this.#stallMs },
      decodeSteps: this.#decodeSteps,
      timed: { ...this.#timed },
      gpus,
    };
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #beginPass(phase: Phase): void {
    const now = performance.now();
    this.#bookStall();
    if (phase === "decode") {
      this.#decodeSteps++;
      if (this.#phase === "decode") {
        this.#timed.steps++;
        this.#timed.ms += now - this.#stepBegan;
      }
    }
    this.#phase = phase;
    this.#stepBegan = now;
  }

  /** What was waited since the last look belongs to the pass that ends. */
  #bookStall(): void {
    const { stallMs } = this.#look().ram;
    this.#stallMs[this.#phase] += Math.max(0, stallMs - this.#stallMsSeen);
    this.#stallMsSeen = stallMs;
  }

  /** While a model gives up a GPU that failed it has nothing to say; after that it counts anew. */
  #look(): Look {
    try {
      this.#last = lookAt(this.#model);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== "closed") throw error;
    }
    return this.#last;
  }
}

function lookAt(model: LanguageModel): Look {
  const ram = ramReport(model);
  const held = { ram: ram.slots >= ram.experts, gpus: gpusHoldAll(model) };
  return { ram, gpus: gpuTallies(model), held };
}

/** What came between two tallies; nothing where a number began anew. */
export function tallySince(now: ExpertTally, before: ExpertTally): ExpertTally {
  return difference(now, before);
}

/** Of numbers at equal places in two objects of the same form. */
function difference<T extends object>(now: T, before: T): T {
  const entries = Object.entries(now).map(([key, value]: [string, unknown]) => {
    const earlier = before[key as keyof T];
    if (typeof value === "number") return [key, Math.max(0, value - Number(earlier))] as const;
    return [key, difference(value as object, earlier as object)] as const;
  });
  const result: unknown = Array.isArray(now)
    ? entries.map(([, value]) => value)
    : Object.fromEntries(entries);
  return result as T;
}
