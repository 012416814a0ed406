/**
 * Options of all commands that generate text: how the next token is chosen, and where the text ends.
 * Named as in llama.cpp, where it has them. docs/sampling.md describes them.
 */
import type { Command } from "commander";
import type { GenerateOptions } from "../generation/generation.ts";
import { samplingDefaults } from "../generation/sampler.ts";
import { OptionError } from "../support/errors.ts";
import { realNumber, wholeNumber } from "./numberArguments.ts";
import { repeatedText } from "./samplingArguments.ts";
import { addStageOptions, type StageFlags, stageOptionsOf } from "./samplingStageOptions.ts";
import { readText } from "./textInput.ts";

/** As Commander gives them. */
export interface SamplingFlags extends StageFlags {
  readonly temperature?: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly ignoreEos?: true;
  readonly grammar?: string;
  readonly grammarFile?: string;
  readonly jsonSchema?: string;
}

export interface SamplingHelp {
  /** What the help says about the default of --temperature. */
  readonly temperature?: string;
}

/** Adds the options, with llama.cpp's defaults. */
export function addSamplingOptions(command: Command, help: SamplingHelp = {}): void {
  const defaults = samplingDefaults;
  const share = realNumber({ most: 1 });
  command
    .optionsGroup("Sampling:")
    .option(
      "--temperature <value>",
      `lower is safer, 0 always takes the likeliest token (default: ${help.temperature ?? defaults.temperature})`,
      realNumber(),
    )
    .option(
      "--top-k <count>",
      "keep so many of the likeliest tokens; 0 is off",
      wholeNumber(),
      defaults.topK,
    )
    .option(
      "--top-p <share>",
      "keep the likeliest tokens of this probability; 1 is off",
      share,
      defaults.topP,
    )
    .option(
      "--min-p <share>",
      "keep tokens so likely, compared with the likeliest; 0 is off",
      share,
      defaults.minP,
    )
    .option(
      "--seed <number>",
      "repeats a run (default: a new one each time)",
      wholeNumber({ most: 2 ** 32 - 1 }),
    )
    .option("--stop <text>", "end before this text; repeatable, \\n is a line end", repeatedText)
    .option("--ignore-eos", "never let the model end its answer")
    .optionsGroup("Constrained output:")
    .option("--grammar <gbnf>", "the answer must match this grammar")
    .option("--grammar-file <file>", "the same, read from a file")
    .option("--json-schema <file>", "the answer must be JSON of this schema");
  addStageOptions(command);
}

/**
 * Reads what the flags say, and the files that they name. Has a temperature only if there was a flag.
 *
 * @throws OptionError for flags that exclude each other or a schema that is no JSON; SluiceError
 *   `file-unreadable`, `aborted`
 */
export async function generateOptionsOf(
  flags: SamplingFlags,
  signal?: AbortSignal,
): Promise<GenerateOptions> {
  const { temperature, topK, topP, minP, seed, stop, ignoreEos } = flags;
  return {
    ...(temperature === undefined ? {} : { temperature }),
    topK,
    topP,
    minP,
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined ? {} : { stop }),
    ...(ignoreEos === undefined ? {} : { ignoreEos }),
    ...stageOptionsOf(flags),
    ...(await constraintOf(flags, signal)),
  };
}

/** The grammar or schema, if there is one. */
async function constraintOf(
  { grammar, grammarFile, jsonSchema }: SamplingFlags,
  signal: AbortSignal | undefined,
): Promise<Pick<GenerateOptions, "grammar" | "jsonSchema">> {
  const given = [grammar, grammarFile, jsonSchema].filter((flag) => flag !== undefined);
  if (given.length > 1) {
    throw new OptionError("only one of --grammar, --grammar-file and --json-schema can be used");
  }
  const text = await readText({ file: grammarFile ?? jsonSchema, signal });
  if (jsonSchema !== undefined) return { jsonSchema: parseSchema(jsonSchema, text ?? "") };
  const gbnf = grammar ?? text;
  return gbnf === undefined ? {} : { grammar: gbnf };
}

function parseSchema(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new OptionError(`--json-schema ${file}: not JSON (${String(error)})`);
  }
}
