/** Whole texts against grammars: as the mask judges them, and as a few obvious lines do. */
import { type Expression, type Grammar, rootName } from "../../src/generation/grammar/grammar.ts";
import { createGrammarMask, type GrammarTokenizer } from "../../src/generation/grammar/index.ts";
import type { TokenMask } from "../../src/generation/sampling/tokenMask.ts";

/** A vocabulary of given tokens, the last of which ends the generation. */
export function vocabularyOf(tokens: readonly Uint8Array[]): GrammarTokenizer {
  const decoder = new TextDecoder();
  const bytes = (token: number) => tokens[token] ?? new Uint8Array(0);
  return {
    vocabularySize: tokens.length + 1,
    bytes,
    decode: ([token = -1]) => decoder.decode(bytes(token)),
    endOfGeneration: new Set([tokens.length]),
  };
}

const singleBytes = vocabularyOf(Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)));
const [end = 256] = singleBytes.endOfGeneration;

export function byteMask(grammar: string): TokenMask {
  return createGrammarMask(grammar, singleBytes);
}

/** Whether the mask lets the bytes pass, one by one. */
export function passes(mask: TokenMask, text: string): boolean {
  for (const byte of new TextEncoder().encode(text)) {
    if (!mask.allows(byte)) return false;
    mask.accept(byte);
  }
  return true;
}

/** Whether the whole text is one of the grammar's. */
export function accepts(grammar: string, text: string): boolean {
  const mask = byteMask(grammar);
  return passes(mask, text) && mask.allows(end);
}

/** The same by trying everything. For short texts. */
export function naivelyAccepts(grammar: Grammar, text: string): boolean {
  const characters = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return endsOf(grammar.get(rootName)!, 0).has(characters.length);

  /** Where a text of the expression that begins here may end. */
  function endsOf(expression: Expression, begin: number): Set<number> {
    switch (expression.kind) {
      case "characters": {
        const codePoint = characters[begin] ?? -1;
        const isMember = expression.set.some(([a, b]) => a <= codePoint && codePoint <= b);
        return new Set(isMember ? [begin + 1] : []);
      }
      case "sequence":
        return expression.parts.reduce((begins, part) => afterAll(part, begins), new Set([begin]));
      case "choice":
        return new Set(expression.options.flatMap((option) => [...endsOf(option, begin)]));
      case "repeat": {
        let ends = new Set([begin]);
        for (let round = 0; round < expression.least; round++)
          ends = afterAll(expression.body, ends);
        // Further rounds, each of which must add a character to matter.
        const rounds = Math.min(expression.most - expression.least, characters.length);
        let latest = ends;
        for (let round = 0; round < rounds; round++) {
          latest = afterAll(expression.body, latest);
          ends = ends.union(latest);
        }
        return ends;
      }
      case "rule":
        return endsOf(grammar.get(expression.name)!, begin);
    }
  }

  function afterAll(expression: Expression, begins: Set<number>): Set<number> {
    return new Set([...begins].flatMap((begin) => [...endsOf(expression, begin)]));
  }
}
