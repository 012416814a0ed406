/**
 * Measures a model in this engine: answers, held-out text, routing; and records a trace and samples.
 *
 *     node bench/embedded/evaluate.ts MODEL.gguf --prompts prompts.json --valid valid.json --out DIR
 *         [--kernels fast|exact] [--limit N] [--names FILE] [--trace-tokens N] [--threads N]
 *
 * Writes eval.json, failures.json, routing.trace and samples.txt; says on stderr how long it took.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { answerAll, answerLengths, judgeAnswers } from "./answers.ts";
import { type LanguageModel, openModel, wholeNumber, wordLists } from "./engine.ts";
import { readHeldOut, readQuestions, readStoryWords } from "./inputs.ts";
import { recordMixedTrace } from "./mixedTrace.ts";
import { predictTexts } from "./perplexity.ts";
import { type Evaluation, evaluationText } from "./report.ts";
import { routingFigures } from "./routing.ts";
import { RoutingLog } from "./routingLog.ts";
import { samplesText } from "./samples.ts";

interface Flags {
  readonly prompts: string;
  readonly valid: string;
  readonly out: string;
  readonly kernels: "fast" | "exact";
  readonly limit: number;
  readonly names: string;
  readonly traceTokens: number;
  readonly threads?: number;
}

await new Command("evaluate")
  .argument("<model>", "GGUF file")
  .requiredOption("--prompts <file>", "prompts and what belongs into their answers")
  .requiredOption("--valid <file>", "held-out texts by domain")
  .requiredOption("--out <folder>", "where the results go")
  .addOption(
    new Option("--kernels <name>", "arithmetic").choices(["fast", "exact"]).default("fast"),
  )
  .option(
    "--limit <n>",
    "prompts of each kind and texts of each domain",
    wholeNumber({ least: 1 }),
    1e9,
  )
  .option("--names <file>", "words.py, or JSON: names, or {names, heroes}", wordLists)
  .option("--trace-tokens <n>", "length of routing.trace", wholeNumber(), 10_000)
  .option("--threads <n>", "compute threads", wholeNumber({ least: 1 }))
  .action(evaluate)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(`evaluate: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });

async function evaluate(path: string, flags: Flags): Promise<void> {
  const questions = readQuestions(flags.prompts, flags.limit);
  const texts = readHeldOut(flags.valid, flags.limit);
  const words = readStoryWords(flags.names);
  mkdirSync(flags.out, { recursive: true });
  await using model = await openModel(path, {
    arithmetic: flags.kernels,
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
  });

  const answers = await timed("answers", () => answerAll(model, questions, tellProgress));
  const { results, failures } = judgeAnswers(answers, words);
  const log = new RoutingLog(model);
  const predictions = await timed("held-out text", () => predictTexts(model, texts, log));
  const routing = await timed("routing", async () => routingFigures(log));
  const trace = await timed("trace", () => traceOf(model, flags, texts));
  const samples = await timed("samples", () => samplesText(model));

  const lengths = answerLengths(answers);
  const { name, arithmetic } = model;
  const evaluation: Evaluation = {
    ...{ model: name, arithmetic, lengths, answers: results, predictions, routing, trace },
  };
  writeFileSync(join(flags.out, "eval.json"), jsonText(evaluation));
  writeFileSync(join(flags.out, "failures.json"), jsonText(failures));
  writeFileSync(join(flags.out, "samples.txt"), samples);
  console.log(evaluationText(evaluation));
}

async function traceOf(
  model: LanguageModel,
  { out, traceTokens }: Flags,
  texts: ReturnType<typeof readHeldOut>,
): Promise<Evaluation["trace"]> {
  if (traceTokens === 0 || model.expertLayers.length === 0) return undefined;
  return recordMixedTrace(model, join(out, "routing.trace"), texts, traceTokens);
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  const result = await work();
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.error(`${what}: ${seconds} s`);
  return result;
}

function tellProgress(done: number): void {
  if (done % 100 === 0) console.error(`${done} answers`);
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 1)}\n`;
}
