/** The sampler of one generation: what its options, its model and its prompt make of it together. */
import { OptionError } from "../support/errors.ts";
import type { GenerateOptions } from "./generation.ts";
import { createGrammarMask, jsonSchemaToGrammar } from "./grammar/index.ts";
import type { LanguageModel } from "./languageModel.ts";
import { createSampler, type Sampler } from "./sampler.ts";
import type { TokenMask } from "./sampling/tokenMask.ts";

type SampledModel = Pick<LanguageModel, "tokenizer" | "vocabularySize">;

/**
 * @param prompt its tokens, on which penalties and DRY look back
 * @throws OptionError for options out of range or excluding each other, a grammar with mistakes, a
 *   schema that cannot be turned into one
 */
export function samplerOf(
  model: SampledModel,
  prompt: readonly number[],
  options: GenerateOptions,
): Sampler {
  const { tokenizer } = model;
  const tokenMask = tokenMaskOf(model, options);
  const sampler = createSampler(withoutEnds(model, options), {
    tokenizer,
    history: prompt,
    ...(tokenMask === undefined ? {} : { tokenMask }),
  });
  refuseForeignBiases(model, options);
  return sampler;
}

/** The options, with the end-of-generation tokens forbidden if they are to be ignored. */
function withoutEnds({ tokenizer }: SampledModel, options: GenerateOptions): GenerateOptions {
  if (!options.ignoreEos) return options;
  const ends = [...tokenizer.endOfGeneration].map((token) => [token, -Infinity]);
  return { ...options, logitBias: { ...options.logitBias, ...Object.fromEntries(ends) } };
}

function refuseForeignBiases({ vocabularySize }: SampledModel, options: GenerateOptions): void {
  const tokens = Object.keys(options.logitBias ?? {});
  const foreign = tokens.find((token) => Number(token) >= vocabularySize);
  if (foreign === undefined) return;
  throw new OptionError(
    `logitBias names token ${foreign}; the model has the tokens 0 to ${vocabularySize - 1}`,
  );
}

function tokenMaskOf(
  { tokenizer }: SampledModel,
  { tokenMask, grammar, jsonSchema }: GenerateOptions,
): TokenMask | undefined {
  const given = [tokenMask, grammar, jsonSchema].filter((option) => option !== undefined);
  if (given.length > 1) {
    throw new OptionError("only one of tokenMask, grammar and jsonSchema can be given");
  }
  const gbnf = jsonSchema === undefined ? grammar : jsonSchemaToGrammar(jsonSchema);
  return gbnf === undefined ? tokenMask : createGrammarMask(gbnf, tokenizer);
}
