/** `sluice bench`: how fast a model runs on this machine. */
import type { Command } from "commander";
import { OptionError, SluiceError } from "../support/errors.ts";
import { type Pass, randomPrompt, runPass } from "./benchPasses.ts";
import { benchJson, benchLines } from "./benchReport.ts";
import { addEngineOptions, type EngineFlags } from "./engineOptions.ts";
import { addSwitch } from "./environment.ts";
import { expertFigures } from "./expertFigures.ts";
import { tallySince } from "./expertWatch.ts";
import { Interruption } from "./interruption.ts";
import { LiveLine, liveText } from "./liveLine.ts";
import { wholeNumber } from "./numberArguments.ts";
import { addRecordOptions, type RecordFlags } from "./recording.ts";
import { showProgress, writeJson, writeResult } from "./terminal.ts";
import { type OpenedModel, withModel } from "./withModel.ts";

interface BenchFlags extends EngineFlags, RecordFlags {
  readonly promptTokens: number;
  readonly generateTokens: number;
  readonly passes: number;
  readonly seed: number;
  readonly json?: true;
  readonly stats?: boolean;
}

const benchDefaults = { promptTokens: 128, generateTokens: 64, passes: 3, seed: 1 } as const;

export function addBenchCommand(program: Command): void {
  const command = program
    .command("bench")
    .summary("measure how fast a model runs")
    .description(
      "Measures a model: after one pass to warm up, each pass computes a prompt of random tokens and " +
        "then one token after another, always the likeliest. Without MODEL, the model that comes " +
        "with sluice is measured.",
    )
    .argument("[model]", "a GGUF file; any one of a split model")
    .optionsGroup("Work:")
    .option(
      "--prompt-tokens <count>",
      "length of the prompt",
      wholeNumber({ least: 1 }),
      benchDefaults.promptTokens,
    )
    .option(
      "--generate-tokens <count>",
      "tokens to compute one by one after it",
      wholeNumber({ least: 1 }),
      benchDefaults.generateTokens,
    )
    .option("--passes <count>", "measured passes", wholeNumber({ least: 1 }), benchDefaults.passes)
    .option(
      "--seed <number>",
      "of the random prompt",
      wholeNumber({ most: 2 ** 32 - 1 }),
      benchDefaults.seed,
    )
    .optionsGroup("Report:")
    .option("--json", "print one JSON object (docs/json.md) with every measurement");
  addSwitch(command, {
    flags: "--stats",
    help: "a line that tells how it goes while it goes on",
    variable: "SLUICE_STATS",
  });
  addEngineOptions(command);
  addRecordOptions(command);
  command
    .addHelpText(
      "after",
      `
The context is as long as the work needs, unless --context says otherwise.
Ctrl-C ends the bench and reports what was measured, with exit code 130. What it
says of experts leaves the warm-up out; what is recorded does not.

Examples:
  $ sluice bench
  $ sluice bench olmoe.gguf --threads 4 --passes 5
  $ sluice bench olmoe.gguf --prompt-tokens 512 --json`,
    )
    .action(bench);
}

async function bench(path: string | undefined, flags: BenchFlags): Promise<void> {
  const needed = flags.promptTokens + flags.generateTokens;
  const { context = needed } = flags;
  if (context < needed) {
    throw new OptionError(
      `--context ${context} is too short for ${flags.promptTokens} prompt tokens and ${flags.generateTokens} more`,
    );
  }
  using interruption = new Interruption();
  const { signal } = interruption;
  await withModel({ path, flags: { ...flags, context }, signal }, (opened) =>
    measure(opened, flags, signal),
  );
}

async function measure(
  { model, watch, loadMs }: OpenedModel,
  flags: BenchFlags,
  signal: AbortSignal,
): Promise<void> {
  const { promptTokens, generateTokens, passes: passCount, seed, json } = flags;
  const prompt = randomPrompt(model.vocabularySize, promptTokens, seed);
  const passes: Pass[] = [];
  let warm = watch.tally();
  const report = async () => {
    const result = {
      ...{ model, promptTokens, generateTokens, batchTokens: flags.batch, seed, loadMs, passes },
      experts: expertFigures(model, tallySince(watch.tally(), warm)),
      complete: passes.length === passCount && passes.at(-1)?.tokenMs.length === generateTokens,
    };
    if (json) await writeJson(benchJson(result));
    else await writeResult(`${benchLines(result).join("\n")}\n`);
  };
  try {
    await using _threads = await model.holdThreads();
    let current: Pass | undefined;
    let name = "";
    using live = flags.stats
      ? new LiveLine(() => `${name}: ${liveText(rateOf(current), watch.tally(), watch.held)}`)
      : undefined;
    using progress = showProgress();
    for (let pass = 0; pass <= passCount; pass++) {
      name = pass === 0 ? "warm-up" : `pass ${pass} of ${passCount}`;
      if (live === undefined) progress.update(name);
      if (pass === 1) warm = watch.tally();
      const onPrefilled = (measured: Pass) => {
        current = measured;
        if (pass > 0) passes.push(measured);
      };
      const onToken = () => live?.update();
      await runPass(model, { prompt, generateTokens, signal, onPrefilled, onToken });
    }
  } catch (error) {
    if (error instanceof SluiceError && error.code === "aborted") await report();
    throw error;
  }
  await report();
}

function rateOf(pass: Pass | undefined): number | undefined {
  if (pass === undefined || pass.tokenMs.length === 0) return undefined;
  return (1000 * pass.tokenMs.length) / pass.tokenMs.reduce((sum, ms) => sum + ms, 0);
}
