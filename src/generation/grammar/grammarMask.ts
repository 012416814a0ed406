/**
 * A grammar as the sampler's mask: which tokens keep the text one that the grammar can finish.
 */
import { OptionError } from "../../support/errors.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import type { TokenMask } from "../sampling/tokenMask.ts";
import { Automaton, type Configuration } from "./automaton.ts";
import { HalfCharacter, type Position, readByte } from "./byteReader.ts";
import { parseGrammar } from "./gbnfParser.ts";
import { TokenTrie } from "./tokenTrie.ts";

/** What a mask needs to know of a vocabulary. */
export type GrammarTokenizer = Pick<
  Tokenizer,
  "vocabularySize" | "bytes" | "decode" | "endOfGeneration"
>;

/** Asked for more tokens than this at one place, the mask judges the whole vocabulary at once. */
const TOKENS_ASKED_SINGLY = 64;
/** Judgements of whole vocabularies that are kept: ten MiB for one of 150,000 tokens. */
const JUDGEMENTS_KEPT = 64;

const tries = new WeakMap<GrammarTokenizer, TokenTrie>();

/**
 * A mask that holds a text to a grammar from its first character to its end.
 *
 * Tokens whose bytes go on with the text are allowed, end-of-generation tokens exactly where the
 * text may end, and tokens that print nothing (control tokens, those outside the vocabulary) never.
 *
 * @param grammar GBNF, with a rule `root`
 * @throws OptionError for a grammar with mistakes; later, from the mask, for one that is too
 *   ambiguous and when a token is accepted that is not allowed
 */
export function createGrammarMask(grammar: string, tokenizer: GrammarTokenizer): TokenMask {
  return new GrammarMask(new Automaton(parseGrammar(grammar)), tokenizer);
}

class GrammarMask implements TokenMask {
  readonly #automaton: Automaton;
  readonly #tokenizer: GrammarTokenizer;
  /** By configuration; texts come back to the same few, as to the inside of a string. */
  readonly #judgements = new Map<Configuration, Uint8Array>();
  #position: Position;
  #askedSingly = 0;
  #judgement: Uint8Array | undefined;

  constructor(automaton: Automaton, tokenizer: GrammarTokenizer) {
    this.#automaton = automaton;
    this.#tokenizer = tokenizer;
    this.#position = automaton.start;
  }

  allows(token: number): boolean {
    if (this.#tokenizer.endOfGeneration.has(token)) return this.#isEnd();
    if (this.#judgement === undefined && ++this.#askedSingly > TOKENS_ASKED_SINGLY)
      this.#judgement = this.#judgeAll();
    if (this.#judgement !== undefined) return this.#judgement[token] === 1;
    return this.#read(token) !== null;
  }

  accept(token: number): void {
    const isEnd = this.#tokenizer.endOfGeneration.has(token);
    if (isEnd && this.#isEnd()) return;
    const position = isEnd ? null : this.#read(token);
    if (position === null) throw new OptionError(`token ${token} does not fit the grammar here`);
    this.#position = this.#trimmed(position);
    this.#askedSingly = 0;
    this.#judgement = this.#judgements.get(this.#position as Configuration);
  }

  #isEnd(): boolean {
    return !(this.#position instanceof HalfCharacter) && this.#position.isEnd;
  }

  /** Where the token leads; null if it cannot come next. */
  #read(token: number): Position | null {
    const bytes = spellingOf(this.#tokenizer, token);
    if (bytes.length === 0) return null;
    let position: Position | null = this.#position;
    for (const byte of bytes) {
      position = readByte(this.#automaton, position, byte);
      if (position === null) return null;
    }
    return position;
  }

  #judgeAll(): Uint8Array {
    const judgement = trieOf(this.#tokenizer).readable(this.#position, (position, byte) =>
      readByte(this.#automaton, position, byte),
    );
    if (this.#position instanceof HalfCharacter) return judgement;
    if (this.#judgements.size >= JUDGEMENTS_KEPT) this.#judgements.clear();
    this.#judgements.set(this.#position, judgement);
    return judgement;
  }

  #trimmed(position: Position): Position {
    if (!(position instanceof HalfCharacter)) return this.#automaton.trim(position);
    return new HalfCharacter(this.#automaton.trim(position.before), position);
  }
}

function trieOf(tokenizer: GrammarTokenizer): TokenTrie {
  const known = tries.get(tokenizer);
  if (known !== undefined) return known;
  const trie = new TokenTrie(
    Array.from({ length: tokenizer.vocabularySize }, (_, token) => spellingOf(tokenizer, token)),
  );
  tries.set(tokenizer, trie);
  return trie;
}

const nothing = new Uint8Array(0);

/** The bytes that a token adds to the text. A control token has a spelling, but is never printed. */
function spellingOf(tokenizer: GrammarTokenizer, token: number): Uint8Array {
  const isPrinted = tokenizer.decode([token], { continuation: true }) !== "";
  return isPrinted ? tokenizer.bytes(token) : nothing;
}
