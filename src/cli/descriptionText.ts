/** A model's description as text for people. */
import type { TensorInfo } from "../gguf/ggufFile.ts";
import type { ExpertsDescription, ModelDescription } from "../model/describe.ts";
import { bytesText, countText } from "./quantities.ts";
import { type Row, sectionLines, unknown } from "./section.ts";
import { tableLines } from "./table.ts";
import { heading, printable } from "./terminal.ts";

export function descriptionLines(description: ModelDescription): string[] {
  const { file, fileCount, fileBytes } = description;
  const files = fileCount > 1 ? ` in ${fileCount} files` : "";
  const parts = [
    sectionLines(`${printable(file)}, ${bytesText(fileBytes)}${files}`, modelRows(description)),
    sectionLines("Experts", expertRows(description.experts)),
    sectionLines("Memory to run it", memoryRows(description)),
    formatLines(description),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .flatMap((lines) => [...lines, ""])
    .slice(0, -1);
}

/** One line per tensor; `shape` in ggml's order, the row length first. */
export function tensorLines(tensors: readonly TensorInfo[]): string[] {
  const split = tensors.some(({ shard }) => shard > 0);
  const rows = tensors.map(({ name, shape, format, byteLength, shard, offset }) => [
    printable(name),
    shape.join(" x "),
    format.name,
    String(byteLength),
    String(offset),
    ...(split ? [String(shard + 1)] : []),
  ]);
  const head = ["tensor", "shape", "format", "bytes", "offset", ...(split ? ["file"] : [])];
  return withHeading(tableLines([head, ...rows], [3, 4, 5]));
}

function modelRows(description: ModelDescription): Row[] {
  const { name, architecture, obstacle, parameters, layerCount, vocabulary } = description;
  const { total, activePerToken } = parameters;
  const active =
    activePerToken === undefined ? "" : `, ${countText(activePerToken)} of them per token`;
  const tokenizer = [vocabulary?.kind, vocabulary?.splitPattern].filter(
    (part) => part !== undefined,
  );
  return [
    ["name", name],
    ["architecture", architecture],
    ["sluice", obstacle === undefined ? "runs this architecture" : `cannot run it: ${obstacle}`],
    ["parameters", total === 0 ? "none" : `${countText(total)}${active}`],
    ["layers", numberText(layerCount)],
    ["hidden size", numberText(description.hiddenSize)],
    ["context", numberText(description.contextLength, "tokens")],
    ["vocabulary", vocabulary && `${vocabulary.size} tokens (${tokenizer.join(", ")})`],
    ["chat template", vocabulary?.hasChatTemplate ? "yes" : "no"],
  ];
}

function expertRows(experts: ExpertsDescription | undefined): Row[] {
  if (experts === undefined) return [];
  const { expertCount, expertsPerToken, layers, tokenCycle } = experts;
  const sizes = layers.map(({ expertBytes }) => expertBytes);
  const rows: Row[] = [
    ["per layer", String(expertCount)],
    ["per token", `${numberText(expertsPerToken) ?? unknown} of them in each layer`],
  ];
  if (sizes.length === 0) return rows;
  return [
    ...rows,
    ["layers with experts", String(layers.length)],
    ["bytes of one expert", rangeText(sizes)],
    ["bytes of one layer", rangeText(sizes.map((bytes) => bytes * expertCount))],
    [
      "token cycle T",
      tokenCycle &&
        `${tokenCycle.slots} expert slots (layers x top-k: ${layers.length} x ${expertsPerToken}), ${bytesText(tokenCycle.bytes)}`,
    ],
  ];
}

function memoryRows({ formats, memory, experts }: ModelDescription): Row[] {
  if (formats.length === 0) return [];
  const { hotBytes, expertBytes, keyValues } = memory;
  const rows: Row[] = [["hot tensors", bytesText(hotBytes)]];
  if (experts !== undefined)
    rows.push(["experts", `${bytesText(expertBytes)}, or less with --ram`]);
  if (keyValues === undefined)
    return [...rows, ["keys and values", "unknown for this architecture"]];
  const { bytesPerToken, defaultContextLength } = keyValues;
  const at = (tokens: number) => bytesText(bytesPerToken.f16 * tokens);
  return [
    ...rows,
    ["keys and values", `${at(1000)} per 1000 tokens in f16, twice as much in f32`],
    ["", `${at(defaultContextLength)} at the default context of ${defaultContextLength}`],
  ];
}

function formatLines({ formats }: ModelDescription): string[] {
  if (formats.length === 0) return [];
  const rows = formats.map(({ format, tensorCount, bytes, hasKernel }) => [
    format,
    String(tensorCount),
    bytesText(bytes),
    hasKernel ? "a kernel" : "decoding row by row (slower)",
  ]);
  return withHeading(tableLines([["format", "tensors", "size", "multiplied by"], ...rows], [1, 2]));
}

function withHeading([head = "", ...lines]: readonly string[]): string[] {
  return [heading(head), ...lines];
}

function numberText(value: number | undefined, unit = ""): string | undefined {
  return value === undefined ? undefined : `${value} ${unit}`.trimEnd();
}

/** Layers may be encoded differently: "38.3 KiB" or "38.3 KiB to 51.0 KiB". */
function rangeText(bytes: readonly number[]): string {
  const least = bytesText(Math.min(...bytes));
  const most = bytesText(Math.max(...bytes));
  return least === most ? least : `${least} to ${most}`;
}
