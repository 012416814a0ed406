/**
 * The books of prefetching: every prefetch that is issued ends in exactly one of four ways.
 *
 * ```text
 *            issue                arrive               use
 *   (none) ────────► in flight ────────────► arrived ──────► useful
 *                     │  │  │                   │    evict
 *          drop       │  │  │ evict             └──────────► wasted
 *   dropped ◄─────────┘  │  └──────────────────────────────► wasted
 *                        │ use
 *                        └──► late: overdue until it arrives, is dropped or evicted
 * ```
 * - useful: it was there when it was asked for;
 * - late: it was asked for while still on its way, so part of the wait was saved;
 * - wasted: it was evicted without having been asked for;
 * - dropped: it was given up before it came (queue full, read cancelled or failed).
 *
 * At any time issued = useful + late + wasted + dropped + pending. A call that no history explains is
 * refused, since it would break that sum in silence. Uses and evictions of experts that came by a
 * miss are welcome and change nothing.
 * Sources: the terms accuracy, coverage and timeliness of S. Srinath et al., "Feedback Directed
 * Prefetching", HPCA 2007; SharpInference keeps no such books.
 */
import { OptionError } from "../../support/errors.ts";
import type { ExpertId } from "../expertId.ts";
import { requireCount } from "../requireNumber.ts";

export const prefetchEnds = ["useful", "late", "wasted", "dropped"] as const;
export type PrefetchEnd = (typeof prefetchEnds)[number];

/** Prefetches and their bytes. */
export interface PrefetchTally {
  readonly count: number;
  readonly bytes: number;
}

export type PrefetchTotals = Readonly<Record<"issued" | "pending" | PrefetchEnd, PrefetchTally>>;

type Stage = "in-flight" | "arrived" | "overdue";
const stageInWords: Readonly<Record<Stage, string>> = {
  "in-flight": "is on its way",
  arrived: "has arrived",
  overdue: "is overdue",
};
interface Open {
  readonly stage: Stage;
  readonly bytes: number;
}

export class PrefetchLedger {
  readonly #open = new Map<ExpertId, Open>();
  readonly #issued = { count: 0, bytes: 0 };
  readonly #ended: Record<PrefetchEnd, { count: number; bytes: number }> = {
    useful: { count: 0, bytes: 0 },
    late: { count: 0, bytes: 0 },
    wasted: { count: 0, bytes: 0 },
    dropped: { count: 0, bytes: 0 },
  };

  /** True from the issue until it has arrived or was given up, overdue ones included. */
  isInFlight(expert: ExpertId): boolean {
    const stage = this.#open.get(expert)?.stage;
    return stage === "in-flight" || stage === "overdue";
  }

  /** A prefetch is ordered: it enters the queue or goes straight to the link. */
  issue(expert: ExpertId, bytes: number): void {
    requireCount("bytes", bytes);
    const open = this.#open.get(expert);
    if (open !== undefined) this.#refuse("issue", expert, open.stage);
    add(this.#issued, bytes);
    this.#open.set(expert, { stage: "in-flight", bytes });
  }

  /** Its bytes are in the slot. */
  arrive(expert: ExpertId): void {
    const open = this.#open.get(expert);
    if (open === undefined || open.stage === "arrived") this.#refuse("arrive", expert, open?.stage);
    if (open.stage === "overdue") this.#open.delete(expert);
    else this.#open.set(expert, { ...open, stage: "arrived" });
  }

  /** The router has asked for it. Returns how its prefetch ended, if this use ended one. */
  use(expert: ExpertId): PrefetchEnd | undefined {
    const open = this.#open.get(expert);
    if (open === undefined || open.stage === "overdue") return undefined;
    if (open.stage === "arrived") return this.#end("useful", expert, open);
    this.#end("late", expert, open);
    this.#open.set(expert, { ...open, stage: "overdue" });
    return "late";
  }

  /** Its slot was given to another; a read still under way is given up with it. */
  evict(expert: ExpertId): PrefetchEnd | undefined {
    const open = this.#open.get(expert);
    this.#open.delete(expert);
    if (open === undefined || open.stage === "overdue") return undefined;
    return this.#end("wasted", expert, open);
  }

  /** It was given up before it came. */
  drop(expert: ExpertId): PrefetchEnd | undefined {
    const open = this.#open.get(expert);
    if (open === undefined || open.stage === "arrived") this.#refuse("drop", expert, open?.stage);
    this.#open.delete(expert);
    return open.stage === "overdue" ? undefined : this.#end("dropped", expert, open);
  }

  /** The run is over: what has arrived unused is wasted, what is still on its way is dropped. */
  close(): void {
    for (const [expert, { stage }] of [...this.#open]) {
      if (stage === "arrived") this.evict(expert);
      else this.drop(expert);
    }
  }

  totals(): PrefetchTotals {
    const pending = { count: 0, bytes: 0 };
    for (const { stage, bytes } of this.#open.values()) {
      if (stage !== "overdue") add(pending, bytes);
    }
    const { useful, late, wasted, dropped } = this.#ended;
    return {
      issued: { ...this.#issued },
      pending,
      useful: { ...useful },
      late: { ...late },
      wasted: { ...wasted },
      dropped: { ...dropped },
    };
  }

  #end(end: PrefetchEnd, expert: ExpertId, { bytes }: Open): PrefetchEnd {
    add(this.#ended[end], bytes);
    this.#open.delete(expert);
    return end;
  }

  #refuse(call: string, expert: ExpertId, stage: Stage | undefined): never {
    const state = stage === undefined ? "was not issued" : stageInWords[stage];
    throw new OptionError(`cannot ${call} the prefetch of expert ${expert}: it ${state}`);
  }
}

/** Share of the ended prefetches that were asked for, in [0, 1]; 0 where none has ended. */
export function prefetchPrecision({ useful, late, wasted, dropped }: PrefetchTotals): number {
  const asked = useful.count + late.count;
  const ended = asked + wasted.count + dropped.count;
  return ended === 0 ? 0 : asked / ended;
}

function add(tally: { count: number; bytes: number }, bytes: number): void {
  tally.count++;
  tally.bytes += bytes;
}
