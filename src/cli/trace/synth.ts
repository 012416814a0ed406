/** `sluice trace synth`: made-up traces whose hit rates are known without a simulator. */
import type { Command } from "commander";
import { OptionError } from "../../support/errors.ts";
import { quoted } from "../../support/quoted.ts";
import {
  openTrace,
  type SyntheticKind,
  type SyntheticSetting,
  type SyntheticTrace,
  switchTopic,
  syntheticKinds,
  type TraceSource,
  traceFileBytes,
} from "../../trace/index.ts";
import { AtomicFile } from "../atomicFile.ts";
import { realNumber, wholeNumber } from "../numberArguments.ts";
import { bytesText } from "../quantities.ts";
import { note, printable, showProgress } from "../terminal.ts";

interface SynthFlags {
  readonly layers?: number;
  readonly experts?: number;
  readonly topk?: number;
  readonly tokens?: number;
  readonly promptTokens?: number;
  readonly seed?: number;
  readonly skew?: number;
  readonly stickiness?: number;
  readonly popular?: number;
  readonly from?: string;
}

/** What each flag is called in a setting. */
const settingNames = {
  layers: "layerCount",
  experts: "expertsPerLayer",
  topk: "expertsPerToken",
  tokens: "tokens",
  promptTokens: "promptTokens",
  seed: "seed",
  skew: "skew",
  stickiness: "stickiness",
  popular: "popular",
} as const satisfies Partial<Record<keyof SynthFlags, keyof SyntheticSetting>>;
type SettingFlag = keyof typeof settingNames;
const settingFlags = Object.keys(settingNames) as SettingFlag[];

/** Every kind takes these. */
const common: readonly SettingFlag[] = ["experts", "tokens", "promptTokens", "seed"];

export function addTraceSynthCommand(group: Command): void {
  group
    .command("synth")
    .summary("make up a trace with known answers")
    .description(
      "Writes a trace that was made up by a simple rule, the same one for the same seed. What " +
        "policies and predictors make of it is known on paper (docs/trace-metrics.md), so it tells " +
        "whether an instrument measures what it should.",
    )
    .argument("<kind>", "one of those below")
    .argument("<out>", "the .trace file to write")
    .option("--layers <count>", "layers", wholeNumber({ least: 1, most: 4096 }))
    .option("--experts <count>", "experts per layer", wholeNumber({ least: 1, most: 65_536 }))
    .option("--topk <count>", "experts per token and layer", wholeNumber({ least: 1 }))
    .option("--tokens <count>", "tokens one by one", wholeNumber())
    .option("--prompt-tokens <count>", "tokens of a prompt before them", wholeNumber())
    .option("--seed <number>", "of the random numbers", wholeNumber({ most: 2 ** 32 - 1 }))
    .option("--skew <number>", "of zipf: 0 is no skew (default: 1)", realNumber({ most: 100 }))
    .option(
      "--stickiness <share>",
      "of sticky: chance that an expert stays (default: 0.5)",
      realNumber({ most: 1 }),
    )
    .option("--popular <count>", "of flood: experts between the flood (default: 0)", wholeNumber())
    .option("--from <file>", "of switch: the trace to play twice")
    .addHelpText(
      "after",
      `
Kinds:
${kindLines().join("\n")}

Examples:
  $ sluice trace synth cyclic null.trace
  $ sluice trace synth zipf skewed.trace --layers 16 --experts 64 --topk 4 --skew 1.2
  $ sluice trace synth switch switched.trace --from qwen.trace`,
    )
    .action(synth);
}

async function synth(kind: string, output: string, flags: SynthFlags): Promise<void> {
  const trace = await traceOf(kind, flags);
  await using file = await AtomicFile.create(output);
  using progress = showProgress();
  let written = 0;
  for await (const piece of traceFileBytes(asSource(trace), "zstd")) {
    await file.write(piece);
    written += piece.length;
    progress.update(`${bytesText(written)} written`);
  }
  await file.finish();
  progress.update("");
  note(printable(`wrote ${output}, ${bytesText(written)}`));
}

async function traceOf(kind: string, flags: SynthFlags): Promise<SyntheticTrace> {
  if (kind === "switch") return switchedTrace(flags);
  const known = Object.hasOwn(syntheticKinds, kind) ? syntheticKinds[kind] : undefined;
  if (known === undefined) {
    const names = [...Object.keys(syntheticKinds), "switch"].join(", ");
    throw new OptionError(`there is no kind ${quoted(kind)} of made-up trace; there are ${names}`);
  }
  if (flags.from !== undefined) throw new OptionError(`${kind} takes no --from; switch does`);
  return known.make({ ...known.shape, ...settingOf(kind, known, flags) });
}

async function switchedTrace(flags: SynthFlags): Promise<SyntheticTrace> {
  const { from } = flags;
  if (from === undefined)
    throw new OptionError("switch needs the trace to play twice: --from FILE");
  const foreign = settingFlags.find((flag) => flags[flag] !== undefined);
  if (foreign !== undefined) {
    throw new OptionError(`switch takes no ${optionName(foreign)}: all else comes from the trace`);
  }
  return switchTopic(await openTrace(from, { weights: true, logits: true, lookahead: true }));
}

function settingOf(kind: string, known: SyntheticKind, flags: SynthFlags): object {
  const given = settingFlags.filter((flag) => flags[flag] !== undefined);
  const foreign = given.find(
    (flag) => !common.includes(flag) && !known.takes.includes(settingNames[flag]),
  );
  if (foreign !== undefined) throw new OptionError(`${kind} takes no ${optionName(foreign)}`);
  return Object.fromEntries(given.map((flag) => [settingNames[flag], flags[flag]]));
}

function optionName(flag: SettingFlag): string {
  return flag === "promptTokens" ? "--prompt-tokens" : `--${flag}`;
}

function kindLines(): string[] {
  const kinds = Object.entries(syntheticKinds).map(([name, { summary, shape }]) => {
    const { layerCount, expertsPerLayer, expertsPerToken, tokens } = shape;
    const size =
      layerCount === 1
        ? `${expertsPerLayer} experts, ${tokens} tokens`
        : `${layerCount} x ${expertsPerLayer}, top-${expertsPerToken}, ${tokens} tokens`;
    return `  ${name.padEnd(8)}${summary} (${size})`;
  });
  return [...kinds, "  switch  another trace twice, the second time with its experts renumbered"];
}

/** Made-up records, read as if from a file. */
function asSource({ header, records }: SyntheticTrace): TraceSource {
  return {
    ...{ path: header.model, kind: "trace", header, remarks: [] },
    async *records() {
      yield* records;
    },
    async [Symbol.asyncDispose]() {},
  };
}
