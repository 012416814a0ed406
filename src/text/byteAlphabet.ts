/**
 * The alphabet of byte-level vocabularies: every byte as one printable character, so that tokens
 * which cut through a UTF-8 character can still be written down as text. Printable Latin-1 stands
 * for itself, the other 68 bytes are written as U+0100 and following.
 *
 * Source: `bytes_to_unicode` in OpenAI's GPT-2, encoder.py.
 */

/** Byte -> its character. */
export const characterOfByte: readonly string[] = spellBytes();

/** Character -> its byte. */
export const byteOfCharacter: ReadonlyMap<string, number> = new Map(
  characterOfByte.map((character, byte) => [character, byte]),
);

function spellBytes(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : next++),
  );
}

function isPrintable(byte: number): boolean {
  return (
    (byte >= 0x21 && byte <= 0x7e) ||
    (byte >= 0xa1 && byte <= 0xac) ||
    (byte >= 0xae && byte <= 0xff)
  );
}
