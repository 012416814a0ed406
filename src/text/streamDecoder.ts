/**
 * Tokens back to text, one at a time. A token may end in the middle of a UTF-8 character; its
 * beginning is then kept until the rest arrives, so that what was printed never has to be taken
 * back.
 *
 * Source: the streaming mode of https://encoding.spec.whatwg.org/#utf-8-decoder.
 */

/** What the decoder needs to know of a token. */
export interface DecodableToken {
  readonly bytes: Uint8Array;
  /** Control and unknown tokens, which are no text of the model's. */
  readonly hidden: boolean;
  /** Special tokens, hidden ones among them, are found before text is encoded. */
  readonly special: boolean;
}

export interface DecodeOptions {
  /** Shows control and unknown tokens as their text, `<|im_end|>`. @default false */
  readonly special?: boolean;
  /**
   * The tokens go on with a text that was already shown, so the first word keeps its space. Matters
   * to SentencePiece only, which puts a space in front of every text. @default false
   */
  readonly continuation?: boolean;
}

/** Made by `Tokenizer.stream()`. */
export class StreamDecoder {
  readonly #describe: (token: number) => DecodableToken;
  readonly #showsSpecial: boolean;
  readonly #hasSpacePrefix: boolean;
  // A byte order mark is a character of the text like any other.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Whether a text begins here, with the space that encoding put in front of it. */
  #beginsText: boolean;

  constructor(
    describe: (token: number) => DecodableToken,
    options: DecodeOptions & { readonly hasSpacePrefix: boolean },
  ) {
    this.#describe = describe;
    this.#showsSpecial = options.special ?? false;
    this.#hasSpacePrefix = options.hasSpacePrefix;
    this.#beginsText = !(options.continuation ?? false);
  }

  /**
   * Takes the next token and returns the text that is certain now: everything up to the last
   * complete character. Bytes that cannot become a character any more come as U+FFFD.
   */
  push(token: number): string {
    const { bytes, hidden, special } = this.#describe(token);
    const hasPrefix = this.#hasSpacePrefix && this.#beginsText && !special && bytes[0] === 0x20;
    this.#beginsText = special;
    if (hidden && !this.#showsSpecial) return "";
    return this.#decoder.decode(bytes.subarray(hasPrefix ? 1 : 0), { stream: true });
  }

  /** Returns U+FFFD for a character that was begun and never completed; ends the stream. */
  end(): string {
    return this.#decoder.decode();
  }
}
