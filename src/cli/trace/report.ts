/** `sluice trace report`: what a trace is like and what policies make of it, to look at. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { OptionError, SluiceError } from "../../support/errors.ts";
import { systemReason } from "../../support/systemReason.ts";
import {
  openTrace,
  reportJson,
  reportOnTrace,
  reportPage,
  reportPolicies,
  reportSvgs,
} from "../../trace/index.ts";
import { AtomicFile } from "../atomicFile.ts";
import { Interruption } from "../interruption.ts";
import { wholeNumber } from "../numberArguments.ts";
import { bytesText } from "../quantities.ts";
import { note, printable, showProgress, writeJson } from "../terminal.ts";
import { listOf, policyList } from "./compareArguments.ts";
import { addSourceOptions, type SourceFlags, sourceOptionsOf } from "./sourceOptions.ts";

/** Those that need no more than slots. */
const reportAccountings = ["batch", "per-access"] as const;

interface ReportFlags extends SourceFlags {
  readonly output?: string;
  readonly svg?: string;
  readonly json?: true;
  readonly policies?: readonly string[];
  readonly slots?: readonly number[];
  readonly accounting: (typeof reportAccountings)[number];
}

export function addTraceReportCommand(group: Command): void {
  const command = group
    .command("report")
    .summary("draw what a trace is like")
    .description(
      "Draws a trace as one HTML page that needs no network and no script: misses by cache size for " +
        "each policy, what predictors are worth, how experts are used by layer and by token, and how " +
        "soon again. docs/trace-metrics.md defines every number.",
    )
    .argument("<trace>", "a trace of any kind that sluice reads")
    .option("-o, --output <file>", "the HTML file to write")
    .option("--svg <folder>", "write each chart as an SVG file as well")
    .option("--json", "print the numbers as one JSON object (docs/trace-metrics.md)")
    .option(
      "--policies <list>",
      `policies to compare, between commas (default: ${reportPolicies.join(",")})`,
      policyList,
    )
    .option(
      "--slots <list>",
      "cache sizes (default: multiples of the token cycle)",
      listOf(wholeNumber({ least: 1 })),
    )
    .addOption(
      new Option("--accounting <rule>", "batch as the engine does, or expert by expert")
        .choices(reportAccountings)
        .default("batch"),
    );
  addSourceOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  $ sluice trace report run.trace -o report.html
  $ sluice trace report qwen.route.csv -o qwen.html --policies lru,cycle-aware,belady
  $ sluice trace report run.trace --svg charts --slots 144,288,576`,
    )
    .action(report);
}

async function report(path: string, flags: ReportFlags): Promise<void> {
  const { output, svg, json, policies, slots, accounting } = flags;
  if (output === undefined && svg === undefined && json === undefined) {
    throw new OptionError("say where the report goes: -o FILE, --svg FOLDER or --json");
  }
  using interruption = new Interruption();
  using progress = showProgress();
  // A path that cannot be written should be known before the work.
  await using page = output === undefined ? undefined : await AtomicFile.create(output);
  if (svg !== undefined) await makeFolder(svg);
  const trace = await openTrace(path, { ...sourceOptionsOf(flags), lookahead: true });
  if (trace.recordCount === 0) throw new OptionError(`${path} holds no records to report on`);
  const found = await reportOnTrace(
    trace,
    { ...(policies && { policies }), ...(slots && { slots }), accounting },
    {
      signal: interruption.signal,
      onProgress: ({ done, total }) => progress.update(`replay ${done} of ${total}`),
    },
  );
  progress.update("drawing");
  const drawing = page === undefined ? "" : await reportPage(found);
  const charts = svg === undefined ? [] : await reportSvgs(found);
  progress.update("");
  if (page !== undefined && output !== undefined) await finish(page, output, drawing);
  for (const [name, chart] of charts) {
    const chartPath = join(svg ?? "", name);
    await using file = await AtomicFile.create(chartPath);
    await finish(file, chartPath, chart);
  }
  if (json) await writeJson(reportJson(found));
}

async function finish(file: AtomicFile, path: string, text: string): Promise<void> {
  await file.write(text);
  await file.finish();
  note(printable(`wrote ${path}, ${bytesText(Buffer.byteLength(text))}`));
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    const reason = systemReason(cause);
    throw new SluiceError("file-unwritable", `cannot make ${path}: ${reason}`, { cause });
  }
}
