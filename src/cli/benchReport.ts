/** A bench as a table for people, and as JSON. */
import { availableParallelism, cpus } from "node:os";
import type { LanguageModel } from "../generation/languageModel.ts";
import type { Pass } from "./benchPasses.ts";
import { type Spread, summarise } from "./benchSummary.ts";
import type { ExpertFigures } from "./expertFigures.ts";
import { expertLines, expertsJson } from "./expertReport.ts";
import { gpuJson } from "./gpuReport.ts";
import { bytesText, threeDigits } from "./quantities.ts";
import { tableLines } from "./table.ts";
import { heading, printable } from "./terminal.ts";

export interface BenchResult {
  readonly model: LanguageModel;
  readonly promptTokens: number;
  readonly generateTokens: number;
  readonly batchTokens: number;
  /** Of the prompt. */
  readonly seed: number;
  readonly loadMs: number;
  /** Without the warm-up; the last may be cut off. */
  readonly passes: readonly Pass[];
  /** Of the same passes. */
  readonly experts: ExpertFigures;
  /** Whether all was measured that was asked for. */
  readonly complete: boolean;
}

/** The documented form of `sluice bench --json`. */
export function benchJson({ model, passes, experts, ...result }: BenchResult): object {
  return {
    model: model.name,
    ...machine(),
    threads: model.threads,
    arithmetic: model.arithmetic,
    kv: model.keyValueFormat,
    ...result,
    passes,
    ...summarise(passes, result.promptTokens),
    peakMemoryBytes: peakMemoryBytes(),
    experts: expertsJson(experts),
    gpus: experts.gpus.map(gpuJson),
    remarks: model.remarks,
  };
}

/** Lines of at most 80 columns. */
export function benchLines(result: BenchResult): string[] {
  const { model, promptTokens, generateTokens, loadMs, passes, complete, experts } = result;
  const summary = summarise(passes, promptTokens);
  const { tokenLatencyMs: latency } = summary;
  const { cpu, processors, node } = machine();
  const [head = "", ...rows] = tableLines(
    [
      ["", "median", "mean", "min", "max"],
      spreadRow("prefill, tokens/s", summary.prefillTokensPerSecond),
      spreadRow("decode, tokens/s", summary.decodeTokensPerSecond),
      spreadRow("first token after, ms", summary.timeToFirstTokenMs),
    ],
    [1, 2, 3, 4],
  );
  const percentiles =
    latency === undefined
      ? "not measured"
      : `p50 ${threeDigits(latency.p50)}, p95 ${threeDigits(latency.p95)}, ` +
        `p99 ${threeDigits(latency.p99)} (${latency.count} tokens)`;
  const passCount = `${passes.length} ${passes.length === 1 ? "pass" : "passes"}`;
  return [
    `${printable(model.name)}: ${threadsText(model.threads)}, ${model.arithmetic} arithmetic, keys and values in ${model.keyValueFormat}`,
    `${cpu}, ${processors} processors, Node ${node}`,
    `${promptTokens} prompt tokens, then ${generateTokens} one by one; ${passCount} after a warm-up${complete ? "" : " (cut off)"}`,
    "",
    heading(head),
    ...rows,
    "",
    ...tableLines([
      ["token latency, ms", percentiles],
      ["load", `${(loadMs / 1000).toFixed(2)} s`],
      ["peak memory", bytesText(peakMemoryBytes())],
    ]),
    "",
    ...expertLines(experts),
  ];
}

function spreadRow(label: string, spread: Spread | undefined): string[] {
  if (spread === undefined) return [label, "not measured"];
  const { median, mean, min, max } = spread;
  return [label, ...[median, mean, min, max].map(threeDigits)];
}

function threadsText(threads: number): string {
  return `${threads} ${threads === 1 ? "thread" : "threads"}`;
}

function machine(): { cpu: string; processors: number; node: string } {
  const cpu = cpus()[0]?.model.trim() ?? "unknown processor";
  return { cpu, processors: availableParallelism(), node: process.versions.node };
}

/** Of the whole process since its start. Node gives kibibytes on every system. */
function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
