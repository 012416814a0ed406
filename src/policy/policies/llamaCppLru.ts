/**
 * llama.cpp's expert cache (`--moe-cache-mib`): plain LRU, with three rules of its own.
 *
 * - Layers whose experts have the same bytes form a group with its own slots and its own LRU, in
 *   proportion to its experts. A file that mixes formats has several caches.
 * - Misses are placed in ascending order, so that neighbours tend to get neighbouring slots.
 * - A batch of more than 32 tokens, or of more experts than its group has slots, reads what is
 *   resident and changes nothing: prompts do not flush what generation needs.
 *
 * Source: llama.cpp, src/llama-moe-cache.cpp at 4b060f27 (pull request 29887, 2026). There, equal
 * tensor types and shapes make a group; equal bytes are the nearest that is known here.
 */
import type { ExpertId } from "../expertId.ts";
import {
  type Batch,
  NOBODY,
  type ReplacementRule,
  type RulePart,
  type Slots,
} from "../replacementRule.ts";
import { NumberCell } from "../ruleNumbers.ts";
import { Lru } from "./lru.ts";
import type { Slice } from "./sliced.ts";

const MOST_TOKENS = 32;

/** The rule of one group. */
export class LlamaCppLru implements ReplacementRule {
  readonly #slots: Slots;
  readonly #lru: Lru;
  readonly #isReadOnly = new NumberCell();
  readonly parts: Readonly<Record<"recency" | "isReadOnly", RulePart>>;

  constructor(slots: Slots) {
    this.#slots = slots;
    this.#lru = new Lru(slots);
    this.parts = { ...this.#lru.parts, isReadOnly: this.#isReadOnly };
  }

  begin({ tokenCount, experts }: Batch): void {
    const isTooLarge = tokenCount > MOST_TOKENS || experts.length > this.#slots.capacity;
    this.#isReadOnly.value = isTooLarge ? 1 : 0;
  }

  hit(expert: ExpertId): void {
    if (this.#isReadOnly.value === 0) this.#lru.hit(expert);
  }

  orderMisses(misses: ExpertId[]): void {
    misses.sort((a, b) => a - b);
  }

  isFull(): boolean {
    return this.#isReadOnly.value === 1;
  }

  victim(): ExpertId {
    return this.#isReadOnly.value === 1 ? NOBODY : this.#lru.victim();
  }

  evict(expert: ExpertId): void {
    this.#lru.evict(expert);
  }

  insert(expert: ExpertId): void {
    this.#lru.insert(expert);
  }

  remove(expert: ExpertId): void {
    this.#lru.remove(expert);
  }
}

/**
 * The groups, in order of their first layers: `capacity` slots by number of layers, rounded down,
 * those left over one each to the first groups.
 *
 * @param expertBytes bytes of one expert, by layer of the model
 * @param members the layers that share the slots
 */
export function slicesByBytes(
  capacity: number,
  expertBytes: readonly number[],
  members: readonly number[] = [...expertBytes.keys()],
): Slice[] {
  const groups = [...Map.groupBy(members, (layer) => expertBytes[layer]!).values()];
  const shares = groups.map((layers) => Math.floor((capacity * layers.length) / members.length));
  const left = capacity - shares.reduce((sum, share) => sum + share, 0);
  return groups.map((layers, i) => ({ layers, capacity: shares[i]! + (i < left ? 1 : 0) }));
}
