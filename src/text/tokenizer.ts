/**
 * Text to tokens and back, by the vocabulary in a GGUF file.
 *
 * Encoding: special tokens are found (specialTokens.ts), the text between them is cut into words
 * by the family's patterns (splitPatterns.ts) and merged by @huggingface/tokenizers. Text is not
 * normalised, so byte-level vocabularies give back exactly what went in. Decoding is a table of
 * bytes (tokenBytes.ts) read as UTF-8 (streamDecoder.ts).
 */
import type { Metadata } from "../gguf/metadata.ts";
import { BadGgufError } from "../support/errors.ts";
import { readVocabulary, type Vocabulary } from "./ggufVocabulary.ts";
import { createSpecialTokenFinder, type SpecialTokenFinder } from "./specialTokens.ts";
import { type DecodableToken, type DecodeOptions, StreamDecoder } from "./streamDecoder.ts";
import { bytesOfToken, showBytes } from "./tokenBytes.ts";
import { createTextEncoding, type TextEncoding } from "./tokenizerJson.ts";

export interface EncodeOptions {
  /**
   * Adds the begin-of-text and end-of-text tokens where the file asks for them. A text that begins
   * with the token already, as rendered chat templates do, gets no second one. @default true
   */
  readonly addSpecial?: boolean;
  /**
   * Text that spells a control token becomes that token. Turn it off for text you do not trust.
   * @default true
   */
  readonly parseSpecial?: boolean;
}

export interface Tokenizer {
  readonly vocabularySize: number;
  readonly beginOfText: number | undefined;
  readonly endOfText: number | undefined;
  /** Tokens after which the model has finished its turn. */
  readonly endOfGeneration: ReadonlySet<number>;
  /** Turns text into tokens. Lone surrogates are read as U+FFFD. */
  encode(text: string, options?: EncodeOptions): number[];
  /** The token that is spelled exactly so in the vocabulary, such as `<|im_start|>`. */
  tokenOf(piece: string): number | undefined;
  /**
   * One token as text to look at: control tokens as they are spelled, broken UTF-8 as `<0xE2>`,
   * a token outside the vocabulary as "". To print what a model says, use `stream`.
   */
  piece(token: number): string;
  /** The bytes of one token, perhaps half a character; none outside the vocabulary. */
  bytes(token: number): Uint8Array;
  /** Turns tokens into text; bytes that are no UTF-8 become U+FFFD. */
  decode(tokens: readonly number[], options?: DecodeOptions): string;
  /** Decodes token by token; the pieces joined are what `decode` returns. */
  stream(options?: DecodeOptions): StreamDecoder;
}

/**
 * Builds the tokenizer of a model: about a second for a vocabulary of 150,000 tokens.
 *
 * @throws SluiceError "unsupported-tokenizer" for a vocabulary that is absent or of a kind not
 *   known here; BadGgufError or MissingMetadataError for a broken one, or one of more tokens than
 *   the model computes with (`modelTokens`)
 */
export function createTokenizer(
  metadata: Metadata,
  modelTokens: number = Number.POSITIVE_INFINITY,
): Tokenizer {
  const vocabulary = readVocabulary(metadata);
  const { length } = vocabulary.pieces;
  if (length > modelTokens) {
    throw new BadGgufError(
      metadata.file,
      `the vocabulary has ${length} tokens, but the model computes with ${modelTokens}`,
    );
  }
  return new GgufTokenizer(vocabulary, createTextEncoding(metadata, vocabulary));
}

class GgufTokenizer implements Tokenizer {
  readonly #vocabulary: Vocabulary;
  readonly #encodeText: TextEncoding;
  readonly #findAllSpecial: SpecialTokenFinder;
  readonly #findUserDefined: SpecialTokenFinder;

  constructor(vocabulary: Vocabulary, encodeText: TextEncoding) {
    this.#vocabulary = vocabulary;
    this.#encodeText = encodeText;
    this.#findAllSpecial = createSpecialTokenFinder(
      vocabulary,
      new Set(["control", "unknown", "user-defined"]),
    );
    this.#findUserDefined = createSpecialTokenFinder(vocabulary, new Set(["user-defined"]));
  }

  get vocabularySize(): number {
    return this.#vocabulary.pieces.length;
  }

  get beginOfText(): number | undefined {
    return this.#vocabulary.beginOfText;
  }

  get endOfText(): number | undefined {
    return this.#vocabulary.endOfText;
  }

  get endOfGeneration(): ReadonlySet<number> {
    return this.#vocabulary.endOfGeneration;
  }

  encode(text: string, options: EncodeOptions = {}): number[] {
    const { addSpecial = true, parseSpecial = true } = options;
    const { beginOfText, endOfText, addsBeginOfText, addsEndOfText, addsSpacePrefix } =
      this.#vocabulary;
    const findSpecial = parseSpecial ? this.#findAllSpecial : this.#findUserDefined;

    const tokens: number[] = [];
    // Only the first text and those after a special token come here, and all of them get a space.
    const prefix = addsSpacePrefix ? " " : "";
    for (const part of findSpecial(text.toWellFormed())) {
      if (typeof part === "number") tokens.push(part);
      else for (const token of this.#encodeText(prefix + part)) tokens.push(token);
    }

    if (addSpecial && addsBeginOfText && beginOfText !== undefined && tokens[0] !== beginOfText) {
      tokens.unshift(beginOfText);
    }
    if (addSpecial && addsEndOfText && endOfText !== undefined) tokens.push(endOfText);
    return tokens;
  }

  tokenOf(piece: string): number | undefined {
    return this.#vocabulary.tokenOf.get(piece);
  }

  piece(token: number): string {
    return showBytes(this.bytes(token));
  }

  bytes(token: number): Uint8Array {
    return bytesOfToken(this.#vocabulary, token);
  }

  decode(tokens: readonly number[], options: DecodeOptions = {}): string {
    const stream = this.stream(options);
    return tokens.map((token) => stream.push(token)).join("") + stream.end();
  }

  stream(options: DecodeOptions = {}): StreamDecoder {
    return new StreamDecoder((token) => this.#describe(token), {
      ...options,
      hasSpacePrefix: this.#vocabulary.addsSpacePrefix,
    });
  }

  #describe(token: number): DecodableToken {
    const kind = this.#vocabulary.kinds[token];
    const hidden = kind === "control" || kind === "unknown";
    return { bytes: this.bytes(token), hidden, special: hidden || kind === "user-defined" };
  }
}
