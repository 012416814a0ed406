/** A model that has no preferences: any token that the mask allows, as the choices have it. */
import type { TokenMask } from "../../src/generation/sampling/tokenMask.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";

/** What brings JSON to an end, the best first. */
const closing = [...'"@b}]:,nulltruefas0123456789-'];

/**
 * Walks until the text ends; after `wander` tokens by the shortest way that it knows.
 *
 * @param choices numbers that decide
 * @returns the text; undefined if the way to the end was not found
 */
export function walk(
  mask: TokenMask,
  tokenizer: Tokenizer,
  choices: Iterable<number>,
  wander: number,
): string | undefined {
  const [end = -1] = tokenizer.endOfGeneration;
  const short = closing.flatMap((character) => tokenizer.encode(character, { addSpecial: false }));
  const tokens: number[] = [];
  for (const choice of choices) {
    if (tokens.length > wander + 600) return undefined;
    let token: number | undefined;
    if (tokens.length >= wander) token = [end, ...short].find((one) => mask.allows(one));
    if (token === undefined) {
      const allowed: number[] = [];
      for (let one = 0; one < tokenizer.vocabularySize; one++)
        if (mask.allows(one)) allowed.push(one);
      if (allowed.length === 0) throw new Error("nothing may follow");
      token = allowed[choice % allowed.length]!;
    }
    mask.accept(token);
    if (tokenizer.endOfGeneration.has(token)) return tokenizer.decode(tokens);
    tokens.push(token);
  }
  return undefined;
}
