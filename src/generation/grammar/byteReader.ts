/**
 * Reads text by a grammar byte by byte. Tokens are bytes, and may begin or end in the middle of a
 * character; half a character is welcome if some character that begins so is.
 *
 * Source: UTF-8 as RFC 3629 defines it, without overlong forms and surrogates.
 */
import type { Automaton, Configuration } from "./automaton.ts";
import { lastCodePoint } from "./characterSet.ts";

/** Where reading stands: between two characters, or within one. */
export type Position = Configuration | HalfCharacter;

export class HalfCharacter {
  /** In front of the character. */
  readonly before: Configuration;
  /** The bits so far. */
  readonly bits: number;
  readonly missingBytes: number;
  /** The least code point that is spelled with as many bytes. */
  readonly least: number;

  constructor(before: Configuration, { bits, missingBytes, least }: Omit<HalfCharacter, "before">) {
    this.before = before;
    this.bits = bits;
    this.missingBytes = missingBytes;
    this.least = least;
  }
}

/**
 * Where one more byte leads; null if it cannot come next.
 *
 * @throws OptionError for a grammar that is too ambiguous
 */
export function readByte(automaton: Automaton, position: Position, byte: number): Position | null {
  if (position instanceof HalfCharacter) {
    if (byte >>> 6 !== 0b10) return null;
    const { before, least } = position;
    const bits = (position.bits << 6) | (byte & 0x3f);
    return readBits(automaton, before, { bits, missingBytes: position.missingBytes - 1, least });
  }
  if (byte < 0x80) return automaton.step(position, automaton.alphabet.classOf(byte));
  const begun = firstByte(byte);
  return begun === undefined ? null : readBits(automaton, position, begun);
}

function firstByte(byte: number): Omit<HalfCharacter, "before"> | undefined {
  if (byte >>> 5 === 0b110) return { bits: byte & 0x1f, missingBytes: 1, least: 0x80 };
  if (byte >>> 4 === 0b1110) return { bits: byte & 0x0f, missingBytes: 2, least: 0x800 };
  if (byte >>> 3 === 0b11110) return { bits: byte & 0x07, missingBytes: 3, least: 0x10000 };
  return undefined;
}

function readBits(
  automaton: Automaton,
  before: Configuration,
  half: Omit<HalfCharacter, "before">,
): Position | null {
  const { alphabet } = automaton;
  const { bits, missingBytes, least } = half;
  // The characters that it can still become: all of one class each, as far as the grammar cares.
  const first = Math.max(bits << (6 * missingBytes), least);
  const last = Math.min(((bits + 1) << (6 * missingBytes)) - 1, lastCodePoint);
  if (first > last) return null;
  if (missingBytes === 0) return automaton.step(before, alphabet.classOf(bits));
  const lastClass = alphabet.classOf(last);
  for (let candidate = alphabet.classOf(first); candidate <= lastClass; candidate++)
    if (automaton.step(before, candidate) !== null) return new HalfCharacter(before, half);
  return null;
}
