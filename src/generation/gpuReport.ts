/** What GPUs did for a model, as it is told to its users. */
import type { ExpertLayer } from "../experts/experts.ts";
import type { CacheCounts, Phase } from "../policy/cache/cacheCounts.ts";
import { AccessProfile } from "../policy/profile.ts";

/** Where a GPU's experts are, and how that went since the model was opened. */
export interface GpuReport {
  /** The adapter's name, with a number from its second device on. */
  readonly device: string;
  readonly policy: string;
  /** Layers that the GPU computes, and those of them all of whose experts have a slot there. */
  readonly layers: readonly number[];
  readonly residentLayers: readonly number[];
  readonly hasOutput: boolean;
  readonly slots: number;
  /** Experts of its layers. */
  readonly experts: number;
  readonly slotBytes: number;
  /** Hot tensors, keys and values, activations. */
  readonly fixedBytes: number;
  readonly budgetBytes: number;
  readonly counts: Readonly<Record<Phase, CacheCounts>>;
  /** Bytes of experts sent to the GPU, the first filling included. */
  readonly uploadedBytes: number;
  /** Experts come and go; else those that came first stay. */
  readonly movesExperts: boolean;
  /** Uses of the experts of `slotLayers`, numbered from 0. */
  readonly profile: AccessProfile;
  /** Layers whose experts may have slots. */
  readonly slotLayers: readonly number[];
}

/**
 * Uses of every expert, wherever it was computed: a GPU's counts of its layers, RAM's of the others.
 *
 * @param layers the model's layers that have experts, which `ram` numbers from 0
 */
export function mergedProfile(
  layers: readonly ExpertLayer[],
  ram: AccessProfile,
  gpus: readonly GpuReport[],
): AccessProfile {
  if (gpus.length === 0) return ram;
  const merged = new AccessProfile(ram);
  const sources = layers.map((_, ordinal) => ({ profile: ram, layer: ordinal }));
  for (const { slotLayers, profile } of gpus) {
    for (const [index, layer] of slotLayers.entries()) {
      const ordinal = layers.findIndex((one) => one.layer === layer);
      sources[ordinal] = { profile, layer: index };
    }
  }
  for (const [ordinal, { profile, layer }] of sources.entries()) {
    for (let expert = 0; expert < merged.expertsPerLayer; expert++) {
      merged.add(ordinal, expert, profile.expert(layer, expert));
    }
  }
  return merged;
}
