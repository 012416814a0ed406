/** A model's placement as text for people. */
import type { BatchSizes } from "../generation/gpuPlan.ts";
import { layersText } from "./gpuReport.ts";
import type { GpuShare, ModelPlacement } from "./modelPlacement.ts";
import type { Misplacement } from "./placements.ts";
import { bytesText } from "./quantities.ts";
import { type Row, sectionLines } from "./section.ts";
import { printable } from "./terminal.ts";

export function placementLines(
  file: string,
  placement: ModelPlacement | Misplacement,
  sizes: BatchSizes,
): string[] {
  if ("obstacle" in placement) {
    const names = placement.gpus.map(({ name }) => name).join(", ");
    return [printable(`${file} on ${names}: ${placement.obstacle}`)];
  }
  const { gpus, cpuLayers, cpuHasOutput, remarks } = placement;
  const cpu = ["the embedding"];
  if (cpuLayers.length > 0) cpu.push(layersText(cpuLayers));
  if (cpuHasOutput) cpu.push("the output head");
  return [
    ...gpus.flatMap((share) => [
      ...sectionLines(printable(`${file} on ${share.name}`), rowsOf(share, sizes)),
      "",
    ]),
    `On the CPU: ${cpu.join(", ")}`,
    ...remarks.map((remark) => printable(`Why: ${remark}`)),
  ];
}

function rowsOf(share: GpuShare, { contextLength, batchTokens }: BatchSizes): Row[] {
  const { budgetBytes, layers, hasOutput, hotBytes, keyValueBytes, workingBytes } = share;
  const rows: Row[] = [["may be used", bytesText(budgetBytes)]];
  if (layers.length === 0) return [...rows, ["layers", "none"]];
  return [
    ...rows,
    ["computes", `${layersText(layers)}${hasOutput ? " and the output head" : ""}`],
    ["hot tensors", bytesText(hotBytes)],
    ["keys and values", `${bytesText(keyValueBytes)} for ${contextLength} tokens`],
    ["activations", `about ${bytesText(workingBytes)} for batches of ${batchTokens} tokens`],
    ...expertRows(share),
  ];
}

function expertRows({ experts, slots, slotBytes }: GpuShare): Row[] {
  if (experts === 0) return [];
  if (slots === experts) return [["experts", `all ${experts} in slots, ${bytesText(slotBytes)}`]];
  if (slots === 0) return [["experts", `none of ${experts}; the CPU computes them`]];
  const text = `${slots} of ${experts} in slots, ${bytesText(slotBytes)}`;
  return [["experts", `${text}; the CPU computes the others meanwhile`]];
}
