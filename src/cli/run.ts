/** `sluice run`: one completion, printed as it comes, and how it went. */
import type { Command } from "commander";
import { embeddedModelPrompt } from "../generation/embeddedModel.ts";
import { type Generation, generateDefaults, type Prompt } from "../generation/generation.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import { samplingDefaults } from "../generation/sampler.ts";
import { OptionError, SluiceError } from "../support/errors.ts";
import { addEngineOptions, type EngineFlags } from "./engineOptions.ts";
import { addSwitch } from "./environment.ts";
import { expertFigures } from "./expertFigures.ts";
import { ExpertUse } from "./expertUse.ts";
import type { ExpertWatch } from "./expertWatch.ts";
import { Interruption } from "./interruption.ts";
import { LiveLine, liveText } from "./liveLine.ts";
import { wholeNumber } from "./numberArguments.ts";
import { addRecordOptions, type RecordFlags } from "./recording.ts";
import { type FinishedRun, runJson, speedOf, statisticsLines } from "./runStatistics.ts";
import { addSamplingOptions, generateOptionsOf, type SamplingFlags } from "./samplingOptions.ts";
import { note, writeJson, writeModelText, writeResult } from "./terminal.ts";
import { readText } from "./textInput.ts";
import { type OpenedModel, withModel } from "./withModel.ts";

interface RunFlags extends EngineFlags, SamplingFlags, RecordFlags {
  readonly prompt?: string;
  readonly promptFile?: string;
  readonly raw?: true;
  readonly maxTokens: number;
  readonly map: boolean;
  readonly stats?: boolean;
  readonly json?: true;
}

export function addRunCommand(program: Command): void {
  const command = program
    .command("run")
    .summary("complete a prompt")
    .description(
      "Answers a prompt and streams the text. The prompt becomes a user's message in the model's own " +
        "chat template; with --raw, or if the file has no template, it is continued as it is. " +
        "Without MODEL, the model that comes with sluice runs; without a prompt as well, it is asked " +
        `"${embeddedModelPrompt}"`,
    )
    .argument("[model]", "a GGUF file; any one of a split model")
    .optionsGroup("Prompt:")
    .option("-p, --prompt <text>", '"-" reads it from stdin')
    .option("--prompt-file <file>", "read the prompt from a UTF-8 file")
    .option("--raw", "continue the prompt as it is, without the chat template")
    .optionsGroup("Sampling:")
    .option(
      "-n, --max-tokens <count>",
      "stop after so many tokens",
      wholeNumber({ least: 1 }),
      generateDefaults.maxTokens,
    );
  addSamplingOptions(command, {
    temperature: `${samplingDefaults.temperature}; without a prompt 0`,
  });
  command
    .optionsGroup("Report:")
    .option("--no-map", "no map of the experts' use")
    .option("--json", "no stream, but one JSON object with the text and all of the report");
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
Ctrl-C ends the generation and reports what there is, with exit code 130; a
second Ctrl-C ends everything at once. Of a prompt from a file or stdin, a final
line end is dropped.

Examples:
  $ sluice run
  $ sluice run -p "Tell me a story about a fox." --seed 7
  $ sluice run olmoe.gguf --raw -p "The capital of France is" -n 20
  $ cat question.txt | sluice run olmoe.gguf -p - --json`,
    )
    .action(run);
}

async function run(path: string | undefined, flags: RunFlags): Promise<void> {
  using interruption = new Interruption();
  const { signal } = interruption;
  const prompt = await readPrompt(path, flags, signal);
  // Who just starts the program shall see the same good answer as everybody.
  const temperature = prompt === undefined ? { temperature: 0 } : {};
  const sampling = { ...temperature, ...(await generateOptionsOf(flags, signal)) };
  await withModel({ path, flags, signal }, async (opened) => {
    const messages = promptFor(opened.model, prompt ?? embeddedModelPrompt, flags);
    const { maxTokens } = flags;
    const generation = opened.model.generate(messages, { ...sampling, maxTokens, signal });
    await answer(opened, generation, { ...flags, isSampled: sampling.temperature !== 0 });
  });
}

async function answer(
  { model, watch }: OpenedModel,
  generation: Generation,
  flags: RunFlags & { readonly isSampled: boolean },
): Promise<void> {
  using use = new ExpertUse(model);
  using live = flags.stats ? new LiveLine(() => liveRun(generation, watch)) : undefined;
  let text = "";
  const report = async () => {
    live?.hide();
    const experts = expertFigures(model, watch.tally());
    await printReport(
      { model, generation, text, sampled: flags.isSampled, expertUses: use.counts, experts },
      flags,
    );
  };
  try {
    for await (const piece of generation) {
      text += piece;
      if (flags.json === undefined) {
        live?.hide();
        await writeModelText(piece);
      }
      live?.update();
    }
  } catch (error) {
    if (error instanceof SluiceError && error.code === "aborted") await report();
    throw error;
  }
  await report();
}

function liveRun({ statistics }: Generation, watch: ExpertWatch): string {
  return liveText(speedOf(statistics).decode, watch.tally(), watch.held);
}

/** `undefined` if the embedded model shall get its own. */
async function readPrompt(
  path: string | undefined,
  { prompt, promptFile, raw }: RunFlags,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (prompt !== undefined && promptFile !== undefined) {
    throw new OptionError("--prompt and --prompt-file cannot be used together");
  }
  const text = await readText({ text: prompt, file: promptFile, signal });
  if (text === "" || (text === undefined && (path !== undefined || raw))) {
    throw new OptionError("a prompt is missing: give one with -p or --prompt-file");
  }
  return text === prompt ? text : text?.replace(/\r?\n$/, "");
}

function promptFor(model: LanguageModel, text: string, { raw }: RunFlags): Prompt {
  if (raw || model.chatTemplate.source !== "model") return text;
  return [{ role: "user", content: text }];
}

async function printReport(finished: FinishedRun, { json, map }: RunFlags): Promise<void> {
  if (json) {
    await writeJson(runJson(finished));
    return;
  }
  if (!finished.text.endsWith("\n")) await writeResult("\n");
  const shown = map ? finished : { ...finished, expertUses: [] };
  if (process.stderr.isTTY) note("");
  for (const line of statisticsLines(shown)) note(line);
}
