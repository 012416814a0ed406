/** `sluice trace compare`: what policies at many capacities would have made of a trace. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { OptionError } from "../../support/errors.ts";
import {
  type Accounting,
  accountings,
  type Capacity,
  collectTrace,
  compareTrace,
  openTraceSource,
  type RoutingTrace,
  replayPredictorNames,
} from "../../trace/index.ts";
import { Interruption } from "../interruption.ts";
import { byteCount, realNumber, wholeNumber } from "../numberArguments.ts";
import { showProgress, writeJson, writeResult } from "../terminal.ts";
import { listOf, policyList } from "./compareArguments.ts";
import { type ComparedTrace, compareLines, csvHead, csvLine } from "./compareTables.ts";
import {
  addSourceOptions,
  type SourceFlags,
  sayRemarks,
  sourceOptionsOf,
} from "./sourceOptions.ts";

interface CompareFlags extends SourceFlags {
  readonly policies: readonly string[];
  readonly slots?: readonly number[];
  readonly budget?: readonly number[];
  readonly cycles?: readonly number[];
  readonly poolPerSize?: true;
  readonly accounting: Accounting;
  readonly warmSequences?: number;
  readonly insertCap?: number;
  readonly predict?: string;
  readonly prefetchBudget?: number;
  readonly layersAhead?: number;
  readonly link?: number;
  readonly threads: number;
  readonly csv?: true;
  readonly json?: true;
}

const defaultPolicies = "lru,lfu-decay,arc,s3-fifo,w-tinylfu,cycle-burst,belady";
const defaultCycles = [0.5, 1, 2, 4, 8];
const fewestGBps = 1e-6;

export function addTraceCompareCommand(group: Command): void {
  const command = group
    .command("compare")
    .summary("replay traces through policies at many capacities")
    .description(
      "Replays traces through eviction policies, as an engine with so many slots would have run them, " +
        "and says how far each is from the optimum. Reads all kinds of traces that sluice reads.",
    )
    .argument("<file...>", "the traces")
    .optionsGroup("Replays:")
    .addOption(
      new Option("--policies <list>", 'policies with commas between them, or "all"')
        .argParser(policyList)
        .default(policyList(defaultPolicies), defaultPolicies),
    )
    .option("--slots <list>", "capacities in slots", listOf(wholeNumber({ least: 1 })))
    .option(
      "--budget <list>",
      "capacities in bytes, such as 2GiB,4GiB",
      listOf(byteCount({ least: 1 })),
    )
    .option(
      "--cycles <list>",
      `capacities in token cycles T (default: ${defaultCycles.join(",")})`,
      listOf(realNumber()),
    )
    .option("--pool-per-size", "of a budget, give each size of experts slots of its own")
    .addOption(
      new Option("--accounting <rule>", "batch is the engine's")
        .choices(accountings)
        .default("batch" satisfies Accounting),
    )
    .option("--warm-sequences <count>", "sequences that only fill the cache", wholeNumber())
    .option("--insert-cap <count>", "misses per pass that may get a slot", wholeNumber())
    .optionsGroup("Prefetching:")
    .option("--predict <name>", `fetch early by ${replayPredictorNames.join(", ")}`)
    .option(
      "--prefetch-budget <size>",
      "bytes fetched early per pass (default: T / 4)",
      byteCount(),
    )
    .option("--layers-ahead <count>", "layers looked ahead (default: 1)", wholeNumber({ least: 1 }))
    .optionsGroup("Report:")
    .option(
      "--link <GB/s>",
      "speed at which misses come, for the stall",
      realNumber({ least: fewestGBps }),
    )
    .addOption(new Option("--csv", "print CSV").conflicts("json"))
    .option("--json", "print one JSON object (docs/json.md)")
    .option(
      "--threads <count>",
      "threads to replay on",
      wholeNumber({ least: 1, most: 1024 }),
      availableParallelism(),
    )
    .optionsGroup("Traces:");
  addSourceOptions(command)
    .addHelpText(
      "after",
      `
In a list of policies, a piece of the form key=value belongs to the policy before
it: "lru,slru:protected=0.75,fill=pooled,arc" are three.
The token cycle T is what one token asks of the experts: the router's choice in
every layer. Regret is what belady hits and the policy misses, of what belady
hits. Accountings: docs/trace-compare.md.

Examples:
  $ sluice trace compare run.trace
  $ sluice trace compare run.trace --policies all --cycles 0.5,1,2,4 --link 3.5
  $ sluice trace compare run.trace --policies lru,cycle-aware --budget 2GiB,4GiB --json
  $ sluice trace compare run.trace --predict transitions --slots 288`,
    )
    .action(compare);
}

async function compare(files: readonly string[], flags: CompareFlags): Promise<void> {
  const capacities = capacitiesOf(flags);
  using interruption = new Interruption();
  const compared: ComparedTrace[] = [];
  for (const file of files) {
    const trace = await readTrace(file, flags);
    using progress = showProgress();
    const rows = await compareTrace(
      trace,
      { policies: flags.policies, capacities, ...mannerOf(flags) },
      {
        threads: flags.threads,
        signal: interruption.signal,
        onProgress: ({ done, total }) =>
          progress.update(`${bar(done / total)} ${done} of ${total}`),
      },
    );
    const hasDecode = trace.columns.phase.includes(1);
    const { accounting, policies } = flags;
    compared.push({ file, accounting, hasDecode, rows, policyCount: policies.length });
  }
  await report(compared, flags);
}

function capacitiesOf({ slots, budget, cycles }: CompareFlags): Capacity[] {
  if ([slots, budget, cycles].filter((given) => given !== undefined).length > 1) {
    throw new OptionError("--slots, --budget and --cycles cannot be used together");
  }
  if (slots !== undefined) return slots.map((count) => ({ slots: count }));
  if (budget !== undefined) return budget.map((bytes) => ({ bytes }));
  return (cycles ?? defaultCycles).map((count) => ({ cycles: count }));
}

function mannerOf(flags: CompareFlags) {
  const { accounting, warmSequences, insertCap, predict, prefetchBudget, layersAhead, link } =
    flags;
  if (predict === undefined && (prefetchBudget ?? layersAhead) !== undefined) {
    throw new OptionError("--prefetch-budget and --layers-ahead need --predict");
  }
  return {
    accounting,
    ...(flags.poolPerSize && { pooling: "per-size" as const }),
    ...(warmSequences !== undefined && { warmSequences }),
    ...(insertCap !== undefined && { insertsPerPass: insertCap }),
    ...(predict !== undefined && { predictor: predict }),
    ...(prefetchBudget !== undefined && { prefetchBytes: prefetchBudget }),
    ...(layersAhead !== undefined && { layersAhead }),
    ...(link !== undefined && { linkGBps: link }),
  };
}

async function readTrace(file: string, flags: CompareFlags): Promise<RoutingTrace> {
  await using source = await openTraceSource(file, sourceOptionsOf(flags));
  // Early router logits are large, and only a predictor looks at them.
  const trace = await collectTrace(source, { lookahead: flags.predict !== undefined });
  sayRemarks(source);
  return trace;
}

async function report(compared: readonly ComparedTrace[], flags: CompareFlags): Promise<void> {
  if (flags.json) {
    const rows = compared.flatMap(({ file, accounting, rows }) =>
      rows.map((row) => ({ file, accounting, ...row })),
    );
    await writeJson({ rows });
    return;
  }
  const lines = flags.csv
    ? [csvHead(), ...compared.flatMap((trace) => trace.rows.map((row) => csvLine(row, trace)))]
    : compared.flatMap((trace, index) => [...(index > 0 ? [""] : []), ...compareLines(trace)]);
  await writeResult(`${lines.join("\n")}\n`);
}

/** A bar of 20 places. */
function bar(share: number): string {
  const filled = Math.floor(20 * share);
  return `[${"#".repeat(filled)}${"-".repeat(20 - filled)}]`;
}
