/** Parsers of the sampling options' arguments, for Commander. */
import { InvalidArgumentError } from "commander";
import { type SamplerStage, samplerStages } from "../generation/sampler.ts";
import { wholeNumber } from "./numberArguments.ts";

/** A number of tokens; -1 stands for all of them. */
export function tokenCountOrAll(text: string): number {
  return text === "-1" ? -1 : wholeNumber()(text);
}

export function mirostatVersion(text: string): 0 | 2 {
  if (text === "0" || text === "2") return text === "2" ? 2 : 0;
  throw new InvalidArgumentError("It must be 0 (off) or 2.");
}

/** Gathers the biases of a repeated option: "15043+1.5", "2-inf". */
export function tokenBias(
  text: string,
  previous: Readonly<Record<number, number>>,
): Record<number, number> {
  const match = /^(\d+)([+-](?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf))$/i.exec(text);
  const bias = Number(match?.[2]?.replace(/inf/i, "Infinity"));
  if (match === null || bias === Infinity) {
    throw new InvalidArgumentError(
      'It must be a token, a sign and a number, such as "15043+1.5", or "15043-inf" to forbid it.',
    );
  }
  return { ...previous, [Number(match[1])]: bias };
}

/** Stages between semicolons, by our names or llama.cpp's. */
export function stageList(text: string): readonly SamplerStage[] {
  return text.split(";").map((part) => {
    const name = plainName(part);
    const stage = stageAliases.get(name) ?? samplerStages.find((one) => plainName(one) === name);
    if (stage !== undefined) return stage;
    throw new InvalidArgumentError(
      `"${part}" is no stage; these are: ${samplerStages.join(", ")}, with semicolons between them.`,
    );
  });
}

/** Gathers the texts of a repeated option. */
export function repeatedText(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, unescaped(text)];
}

/** Names such as "top_n_sigma" and "top-n-sigma" are the same as "topNSigma". */
function plainName(name: string): string {
  return name.trim().replaceAll(/[-_]/g, "").toLowerCase();
}

const stageAliases: ReadonlyMap<string, SamplerStage> = new Map([
  ["typ", "typicalP"],
  ["typp", "typicalP"],
  ["typical", "typicalP"],
  ["nucleus", "topP"],
  ["temp", "temperature"],
]);

/** Shells make it hard to type a line end, so that "\n", "\r", "\t" and "\\" stand for characters. */
function unescaped(text: string): string {
  const characters: Record<string, string> = { n: "\n", r: "\r", t: "\t", "\\": "\\" };
  return text.replaceAll(/\\([nrt\\])/g, (_, letter: string) => characters[letter] ?? letter);
}
