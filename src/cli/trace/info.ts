/** `sluice trace info`: what a trace is of, how much of it there is, and how it spreads. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import {
  openTraceSource,
  summariseTrace,
  type TraceHeader,
  type TraceSource,
  type TraceSummary,
} from "../../trace/index.ts";
import { bytesText } from "../quantities.ts";
import { tableLines } from "../table.ts";
import { heading, printable, writeJson, writeResult } from "../terminal.ts";
import {
  addSourceOptions,
  type SourceFlags,
  sayRemarks,
  sourceOptionsOf,
} from "./sourceOptions.ts";

interface InfoFlags extends SourceFlags {
  readonly json?: true;
}

export function addTraceInfoCommand(group: Command): void {
  const command = group
    .command("info")
    .summary("describe a trace")
    .description(
      "Describes a routing trace: ours, route_trace v1 (CSV), JSONL, or the routed experts of vLLM " +
        "(.npy), also packed with gzip or zstd. Reads it once and keeps none of it.",
    )
    .argument("<file>", "the trace");
  addSourceOptions(command)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
The token cycle T is what one token asks of the experts: the router's choice in
every layer.

Examples:
  $ sluice trace info run.trace
  $ sluice trace info qwen.route.csv.gz --json
  $ sluice trace info routed_experts.npy --experts 128 --prompt-tokens 40`,
    )
    .action(info);
}

async function info(path: string, flags: InfoFlags): Promise<void> {
  await using source = await openTraceSource(path, sourceOptionsOf(flags));
  const summary = await summariseTrace(source);
  const fileBytes = (await stat(path)).size;
  sayRemarks(source);
  if (flags.json) {
    const { kind, header, remarks } = source;
    const bytesPerToken = summary.tokens.total === 0 ? undefined : fileBytes / summary.tokens.total;
    await writeJson({ file: path, kind, fileBytes, bytesPerToken, ...header, ...summary, remarks });
    return;
  }
  const cells = rowsOf(source, summary, fileBytes).map(([label, value]) => [
    `  ${label}`,
    printable(value),
  ]);
  const title = printable(`${basename(path)}, ${bytesText(fileBytes)}`);
  await writeResult(`${[heading(title), ...tableLines(cells)].join("\n")}\n`);
}

type Row = readonly [label: string, value: string];

function rowsOf({ header }: TraceSource, summary: TraceSummary, fileBytes: number): Row[] {
  const { sequences, tokens, records, accesses, tokenCycle, experts, mostUsed } = summary;
  const { layerCount, expertsPerLayer, expertsPerToken } = header;
  const cycle = `${tokenCycle.slots} expert slots (layers x top-k: ${layerCount} x ${expertsPerToken})`;
  const rows: Row[] = [
    ["model", header.model],
    ["architecture", header.architecture],
    ["origin", header.origin],
    ["layers", `${layerCount} x ${expertsPerLayer} experts, ${expertsPerToken} per token`],
    ["bytes of one expert", expertBytesText(header)],
    [
      "token cycle T",
      tokenCycle.bytes === undefined ? cycle : `${cycle}, ${bytesText(tokenCycle.bytes)}`,
    ],
    ["sequences", String(sequences)],
    ["tokens", `${tokens.total}: ${tokens.prefill} prefill, ${tokens.decode} decode`],
    ["records", `${records}, with ${columnsText(header, summary)}`],
    ["accesses", String(accesses)],
  ];
  if (mostUsed === undefined) return rows;
  return [
    ...rows,
    ["size per token", bytesText(fileBytes / tokens.total)],
    [
      "experts used",
      `${experts.used} of ${experts.total} (${percent(experts.used / experts.total)})`,
    ],
    ["most used T experts", `${percent(experts.tokenCycleShare)} of the accesses`],
    ["most used tenth", `${percent(experts.tenthShare)} of the accesses`],
    [
      "most used expert",
      `${mostUsed.expert} of layer ${mostUsed.layer}: ${percent(mostUsed.tokenShare)} of its layer's tokens`,
    ],
  ];
}

function expertBytesText({ expertBytes }: TraceHeader): string {
  if (expertBytes.length === 0) return "not said";
  const least = bytesText(expertBytes.reduce((a, b) => Math.min(a, b)));
  const most = bytesText(expertBytes.reduce((a, b) => Math.max(a, b)));
  return least === most ? least : `${least} to ${most}, by layer`;
}

function columnsText({ hasWeights, hasLogits }: TraceHeader, { lookaheads }: TraceSummary): string {
  const columns = ["experts"];
  if (hasWeights) columns.push("weights");
  if (hasLogits) columns.push("logits");
  if (lookaheads > 0) columns.push("lookahead");
  return columns.join(", ");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
