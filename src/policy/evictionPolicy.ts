/**
 * What every eviction policy is to its callers: the rule that says which experts stay in the slots
 * of one tier. A policy knows ids and nothing else: no bytes, no files, no devices. The caller moves
 * the weights that an outcome tells it to move.
 *
 * The unit is the batch: all distinct experts that one layer needs in one step. Its hits are touched
 * before its misses are placed, and until the caller releases them none of them can be a victim, so
 * that no expert is overwritten between being looked up and being multiplied with.
 */
import type { ExpertGrid, ExpertId } from "./expertId.ts";

/** One layer's demand in one forward pass. */
export interface Access {
  /** Tokens the model had processed before this pass: a clock that never runs backwards. */
  readonly step: number;
  readonly layer: number;
  /** Distinct ids, all of `layer`, best rank first. */
  readonly experts: readonly ExpertId[];
  /** Tokens that the pass computes at once. @default 1 */
  readonly tokenCount?: number;
  /** Misses that may be given a slot; the ones after them are bypassed. @default all */
  readonly admissionLimit?: number;
}

/** A miss that was given a slot, and who left it; `undefined` when a slot was free. */
export interface Admission {
  readonly expert: ExpertId;
  readonly victim: ExpertId | undefined;
}

/** What became of each expert of an access: every one is in exactly one of the four lists. */
export interface AccessOutcome {
  readonly hits: readonly ExpertId[];
  readonly admitted: readonly Admission[];
  /** Misses without a slot, by the rule's choice or because nobody could leave: use a scratch slot. */
  readonly bypassed: readonly ExpertId[];
  /** More experts than slots: compute the others, release them, then ask for these. */
  readonly deferred: readonly ExpertId[];
  /** Hits and admitted, which cannot leave before {@link EvictionPolicy.release}. */
  readonly leased: readonly ExpertId[];
}

export type PrefetchOutcome =
  | { readonly kind: "resident" }
  | { readonly kind: "admitted"; readonly victim: ExpertId | undefined }
  | { readonly kind: "refused" };

export type AdmissionCause = "use" | "prefetch";

/** How a resident expert came and whether it has earned its slot. */
export interface EntryMarks {
  /** It came before it was asked for. */
  readonly prefetched: boolean;
  /** An access has asked for it since it came. */
  readonly used: boolean;
}

/** The whole state of a policy as plain JSON. */
export interface PolicySnapshot extends ExpertGrid {
  readonly policy: string;
  readonly capacity: number;
  readonly step: number;
  /** Residents in ascending order: id, marks, number of leases. */
  readonly residents: readonly (readonly [expert: ExpertId, marks: number, leases: number])[];
  /** The replacement rule's own lists and counts, by name. */
  readonly rule: Readonly<Record<string, readonly number[]>>;
}

/** What a policy is told when it is made. */
export interface PolicySetting extends ExpertGrid {
  /** Slots: the greatest number of residents. */
  readonly capacity: number;
  /** Bytes of one expert, by layer. @default the same for all layers */
  readonly expertBytes?: readonly number[];
  /** Layers whose experts live in these slots: policies that divide the slots do so among these. @default all */
  readonly layers?: readonly number[];
  /** All accesses to come, in order; the clairvoyant policies need it. */
  readonly future?: readonly Access[];
  readonly onAdmit?: (expert: ExpertId, cause: AdmissionCause) => void;
  /** Called before the admission that needed the slot. */
  readonly onEvict?: (expert: ExpertId, marks: EntryMarks) => void;
}

export interface EvictionPolicy {
  /** The registry's text for it, parameters included. */
  readonly name: string;
  /** Greatest number of residents. */
  readonly capacity: number;
  readonly size: number;
  readonly pinnedCount: number;

  isResident(expert: ExpertId): boolean;
  isPinned(expert: ExpertId): boolean;
  isLeased(expert: ExpertId): boolean;
  /** Ids in ascending order. */
  resident(): ExpertId[];
  /** `undefined` when not resident. */
  marks(expert: ExpertId): EntryMarks | undefined;

  /** Looks up a batch, places its misses, leases what is resident of it. */
  access(access: Access): AccessOutcome;
  /** One more lease on residents, as while their bytes are on the way. */
  lease(experts: readonly ExpertId[]): void;
  /** Gives back one lease of each. */
  release(experts: readonly ExpertId[]): void;
  /** Whether an absent expert would be given a slot now without anybody leaving. */
  hasRoomFor(expert: ExpertId): boolean;
  /** Makes an expert resident before it is asked for; not a use. */
  prefetch(expert: ExpertId): PrefetchOutcome;

  /** Keeps a resident until it is unpinned; false, and nothing done, when it is not resident. */
  pin(expert: ExpertId): boolean;
  /** False when it was not pinned. */
  unpin(expert: ExpertId): boolean;
  /** Takes out a resident whose bytes did not arrive; false when it is not resident. */
  remove(expert: ExpertId): boolean;
  /** Forgets everything: residents, pins, counts, ghosts. */
  clear(): void;

  snapshot(): PolicySnapshot;
  /** Continues exactly as the policy that the snapshot was taken of would have. */
  restore(snapshot: PolicySnapshot): void;
}
