/** `sluice bench`: how fast a model runs on this machine. */
import type { Command } from "commander";
import { embeddedModelPath } from "../generation/embeddedModel.ts";
import { type LanguageModel, openModel } from "../generation/languageModel.ts";
import { OptionError, SluiceError } from "../support/errors.ts";
import { type Pass, randomPrompt, runPass } from "./benchPasses.ts";
import { benchJson, benchLines } from "./benchReport.ts";
import { addEngineOptions, type EngineFlags, openOptionsOf } from "./engineOptions.ts";
import { Interruption } from "./interruption.ts";
import { showLoading } from "./loadingLine.ts";
import { wholeNumber } from "./numberArguments.ts";
import { showProgress, writeJson, writeResult } from "./terminal.ts";

interface BenchFlags extends EngineFlags {
  readonly promptTokens: number;
  readonly generateTokens: number;
  readonly passes: number;
  readonly seed: number;
  readonly json?: true;
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
  addEngineOptions(command);
  command
    .addHelpText(
      "after",
      `
The context is as long as the work needs, unless --context says otherwise.
Ctrl-C ends the bench and reports what was measured, with exit code 130.

Examples:
  $ sluice bench
  $ sluice bench olmoe.gguf --threads 4 --passes 5
  $ sluice bench olmoe.gguf --prompt-tokens 512 --json`,
    )
    .action(bench);
}

async function bench(path: string | undefined, flags: BenchFlags): Promise<void> {
  const { promptTokens, generateTokens, passes: passCount, seed, json } = flags;
  using interruption = new Interruption();
  const { signal } = interruption;
  const start = performance.now();
  await using model = await open(path ?? embeddedModelPath, flags, signal);
  const loadMs = performance.now() - start;
  const prompt = randomPrompt(model.vocabularySize, promptTokens, seed);

  const passes: Pass[] = [];
  const report = async () => {
    const result = {
      ...{ model, promptTokens, generateTokens, batchTokens: flags.batch, seed, loadMs, passes },
      complete: passes.length === passCount && passes.at(-1)?.tokenMs.length === generateTokens,
    };
    if (json) await writeJson(benchJson(result));
    else await writeResult(`${benchLines(result).join("\n")}\n`);
  };
  try {
    await using _threads = await model.holdThreads();
    using progress = showProgress();
    for (let pass = 0; pass <= passCount; pass++) {
      progress.update(pass === 0 ? "warm-up" : `pass ${pass} of ${passCount}`);
      const onPrefilled = (measured: Pass) => {
        if (pass > 0) passes.push(measured);
      };
      await runPass(model, { prompt, generateTokens, signal, onPrefilled });
    }
  } catch (error) {
    if (error instanceof SluiceError && error.code === "aborted") await report();
    throw error;
  }
  await report();
}

async function open(path: string, flags: BenchFlags, signal: AbortSignal): Promise<LanguageModel> {
  const needed = flags.promptTokens + flags.generateTokens;
  const { context = needed } = flags;
  if (context < needed) {
    throw new OptionError(
      `--context ${context} is too short for ${flags.promptTokens} prompt tokens and ${flags.generateTokens} more`,
    );
  }
  using _loading = showLoading();
  return await openModel(path, openOptionsOf({ ...flags, context }, signal));
}
