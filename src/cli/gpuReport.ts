/** What GPUs did in a run: rows for people, JSON for programs. */
import type { GpuReport } from "../generation/gpuReport.ts";
import { saveProfile } from "../policy/profileRecord.ts";
import { formatProfile } from "../policy/profileReport.ts";
import type { GpuFigures } from "./gpuFigures.ts";
import { hitRateOf, hitsText } from "./hitRate.ts";
import { bytesText } from "./quantities.ts";
import { printable } from "./terminal.ts";

/** Label and text of each line; they fit into 80 columns unless a GPU's name is very long. */
export function gpuRows(gpus: readonly GpuFigures[]): (readonly [label: string, text: string])[] {
  return gpus.flatMap((figures) => {
    const [first = "", ...others] = gpuTexts(figures);
    return [["GPU", first] as const, ...others.map((text) => ["", text] as const)];
  });
}

/** The documented form. */
export function gpuJson({ report, tally }: GpuFigures): object {
  const { device, layers, hasOutput, policy, slots, experts, slotBytes } = report;
  const { fixedBytes, budgetBytes, movesExperts } = report;
  const { counts, uploadedBytes } = tally;
  return {
    ...{ device, layers, hasOutput, policy, slots, experts, slotBytes, fixedBytes, budgetBytes },
    hitRate: { prefill: hitRateOf(counts.prefill), decode: hitRateOf(counts.decode) },
    counts,
    uploadedBytes,
    movesExperts,
  };
}

/** What --expert-stats adds to it. */
export function gpuStatsJson(figures: GpuFigures): object {
  return { ...gpuJson(figures), profile: saveProfile(figures.report.profile) };
}

/** What --expert-stats writes as text on a GPU's layers; those that have slots count from 0. */
export function gpuStatsText({ report: { device, slots, profile } }: GpuFigures): string {
  return slots === 0 ? "" : `\n${formatProfile(profile, { label: printable(device) })}`;
}

/** "layer 5", "layers 12 to 47", "layers 1, 3"; ascending. */
export function layersText(layers: readonly number[]): string {
  const [first, ...others] = layers;
  if (first === undefined) return "no layers";
  const last = others.at(-1);
  if (last === undefined) return `layer ${first}`;
  return last - first === others.length
    ? `layers ${first} to ${last}`
    : `layers ${layers.join(", ")}`;
}

function gpuTexts({ report, tally }: GpuFigures): string[] {
  const { device, layers, hasOutput, fixedBytes } = report;
  const place = layersText(layers);
  if (layers.length === 0) return [`${printable(device)}: ${place}`];
  return [
    `${printable(device)}: ${hasOutput ? `${place} and the output head` : place}`,
    ...expertTexts(report, tally),
    `${bytesText(fixedBytes)} for hot tensors, keys and values, activations`,
  ];
}

function expertTexts(
  { slots, experts, slotBytes, policy, movesExperts }: GpuReport,
  { counts, uploadedBytes }: GpuFigures["tally"],
): string[] {
  if (experts === 0) return [];
  if (slots === 0) return [`none of ${experts} experts in slots; the CPU computes them`];
  if (slots >= experts) return [`all ${experts} experts in slots, ${bytesText(slotBytes)}`];
  const lines = [
    `${slots} of ${experts} experts in slots, ${bytesText(slotBytes)}; ${policy}`,
    `hits ${hitsText(counts)}; ${bytesText(uploadedBytes)} sent`,
  ];
  if (movesExperts) return lines;
  return [
    ...lines,
    "its arithmetic differs from the CPU's in the last bits, so it was",
    "settled at the start which experts it has",
  ];
}
