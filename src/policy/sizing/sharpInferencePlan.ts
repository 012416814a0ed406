/**
 * SharpInference's sizing of the expert cache, exactly: slots from a budget, and a status.
 *
 *   total       = layers x experts                                  nothing there: Empty
 *   recommended = min(total, layers x min(experts, 2 x active))
 *   budget      = max(0, floor((free - reserve) / bytes per expert))  size unknown: total
 *   slots       = clamp(budget, 1, total)
 *
 * The recommendation is two token cycles, after "Not All Models Suit Expert Offloading",
 * arXiv:2505.16056: about twice the active experts per layer cover a segment of tokens well.
 * Source: `MoeCacheSizing.Plan` of SharpInference (MIT). Its one trap is kept: an exhausted budget
 * still yields one slot, and only the status tells.
 */

/** What the original calls `MoeCacheSizingStatus`, in its words. */
export type SharpInferenceStatus =
  /** No layers or no experts: nothing to size. */
  | "Empty"
  /** The budget holds the recommended slots. */
  | "Ok"
  /** The budget holds some slots, fewer than recommended. */
  | "BelowRecommended"
  /** The budget does not hold one expert; one slot is planned all the same. */
  | "BudgetExhausted"
  /** Nobody knows how large an expert is; a slot for every expert is planned. */
  | "UnknownExpertSize";

export interface SharpInferenceSizing {
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  readonly expertsPerToken: number;
  readonly freeBytes: number;
  /** Kept free for everything else; the original's callers pass 512 MiB. */
  readonly reserveBytes: number;
  /** After allocation rounding. 0 or less: unknown. */
  readonly expertBytes: number;
}

export interface SharpInferencePlan {
  readonly slots: number;
  readonly recommendedSlots: number;
  /** What the budget alone would allow. */
  readonly budgetSlots: number;
  readonly status: SharpInferenceStatus;
}

/** `BudgetSlots` is a 32-bit number in the original. */
const LARGEST_INT = 2 ** 31 - 1;

export function planSharpInference(sizing: SharpInferenceSizing): SharpInferencePlan {
  const { layerCount, expertsPerLayer, expertsPerToken } = sizing;
  const total = layerCount * expertsPerLayer;
  if (total <= 0) return { slots: 0, recommendedSlots: 0, budgetSlots: 0, status: "Empty" };

  const twoCycles = layerCount * Math.min(expertsPerLayer, 2 * expertsPerToken);
  const { budget, status } = slotsOfBudget(sizing, total, twoCycles);
  return {
    slots: Math.min(Math.max(budget, 1), total),
    recommendedSlots: Math.min(total, twoCycles),
    budgetSlots: Math.min(budget, LARGEST_INT),
    status,
  };
}

function slotsOfBudget(
  { freeBytes, reserveBytes, expertBytes }: SharpInferenceSizing,
  total: number,
  recommended: number,
): { budget: number; status: SharpInferenceStatus } {
  if (expertBytes <= 0) return { budget: total, status: "UnknownExpertSize" };
  const budget = Math.max(0, Math.floor((freeBytes - reserveBytes) / expertBytes));
  if (budget === 0) return { budget, status: "BudgetExhausted" };
  return { budget, status: budget < recommended ? "BelowRecommended" : "Ok" };
}
