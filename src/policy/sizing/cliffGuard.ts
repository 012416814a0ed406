/**
 * The cliff guard: says before the first token that a cache of this size cannot work with this policy.
 *
 * A policy by recency hits nothing below the cliff of one token cycle (see tokenCycle.ts). A policy
 * with strict segments gives newcomers only a share of its slots, and has its cliff where that share
 * reaches the same number: with SharpInference's 25 % only at about four token cycles. Measured: plain
 * SLRU 25/75 stays at 0.0 % up to there on every trace, where LRU already has 42 to 64 %. Policies
 * that also count uses (LFU, frequency-aware victims, cycle-aware) have no such cliff; below one token
 * cycle they still cannot keep what one token needs.
 */
import { requireCount, requireShare } from "../requireNumber.ts";
import { cliffSlots, type ExpertLayer, tokenCycleSlots } from "./tokenCycle.ts";

export interface CliffQuestion {
  readonly layers: readonly ExpertLayer[];
  readonly slots: number;
  /**
   * Share of the slots that an expert can hold before its second use, in (0, 1]: 1 for LRU, 0.25 for
   * SharpInference's strict segments.
   * @default 1
   */
  readonly entryShare?: number;
  /** The policy weighs how often an expert was used, not only when. @default false */
  readonly countsUses?: boolean;
}

export type CliffStatus =
  /** Large enough for at least one token cycle, in the segment that matters. */
  | "Ok"
  /** Fewer slots than one token's experts. */
  | "BelowTokenCycle"
  /** A token's experts fit, but not in the segment where newcomers wait for their second use. */
  | "BelowSegmentCliff";

export interface CliffVerdict {
  readonly status: CliffStatus;
  /** T in slots. */
  readonly tokenCycleSlots: number;
  /** Fewest slots at which `status` is Ok. */
  readonly requiredSlots: number;
  /** The policy cannot hit at all while layers are visited in turn. */
  readonly hitsNothing: boolean;
  /** One sentence for people. */
  readonly advice: string;
}

export function guardCliff(question: CliffQuestion): CliffVerdict {
  const { layers, entryShare = 1, countsUses = false } = question;
  const slots = requireCount("slots", question.slots);
  requireShare("entryShare", entryShare);
  const cycle = tokenCycleSlots(layers);
  const cliff = cliffSlots(layers);
  const entrySlots = slotsForNewcomers(slots, entryShare);
  const hitsNothing = !countsUses && entrySlots < cliff;
  const status = slots < cycle ? "BelowTokenCycle" : hitsNothing ? "BelowSegmentCliff" : "Ok";
  const verdict = {
    status,
    tokenCycleSlots: cycle,
    requiredSlots: countsUses ? cycle : Math.max(cycle, slotsToHaveNewcomers(cliff, entryShare)),
    hitsNothing,
  } as const;
  return { ...verdict, advice: adviceFor(verdict, slots) };
}

/** A segment is cut down to whole slots, but never to none. */
function slotsForNewcomers(slots: number, entryShare: number): number {
  return Math.min(slots, Math.max(1, Math.floor(slots * entryShare)));
}

/** Fewest slots whose segment for newcomers has `wanted`. */
function slotsToHaveNewcomers(wanted: number, entryShare: number): number {
  if (wanted <= 1) return wanted;
  // The division may miss by one slot when the share is not a binary fraction.
  let slots = Math.floor(wanted / entryShare) - 1;
  while (slotsForNewcomers(slots, entryShare) < wanted) slots++;
  return slots;
}

function adviceFor(verdict: Omit<CliffVerdict, "advice">, slots: number): string {
  const { status, requiredSlots, hitsNothing } = verdict;
  const cycle = `${verdict.tokenCycleSlots} slots of one token cycle`;
  switch (status) {
    case "Ok":
      return `${slots} slots hold the ${cycle}.`;
    case "BelowTokenCycle":
      return (
        `${slots} slots are fewer than the ${cycle}` +
        (hitsNothing
          ? `, and this policy will hit nothing: give it ${requiredSlots} slots, or take one that counts uses.`
          : `: expect few hits below ${requiredSlots} slots.`)
      );
    case "BelowSegmentCliff":
      return (
        `${slots} slots hold the ${cycle}, but newcomers get too few of them and this policy will hit ` +
        `nothing: give it ${requiredSlots} slots, or take one without strict segments.`
      );
  }
}
