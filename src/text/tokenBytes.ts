/**
 * The bytes that a token stands for. Vocabularies spell them in three ways: byte-level ones in the
 * alphabet of byteAlphabet.ts, SentencePiece ones as UTF-8 with `▁` for a space, and both as
 * `<0xE2>` where a token is one byte. Special tokens are spelled as they are.
 *
 * Source: `token_to_piece` in llama.cpp's src/llama-vocab.cpp.
 */
import { byteOfCharacter } from "./byteAlphabet.ts";
import type { Vocabulary } from "./ggufVocabulary.ts";

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const noBytes = new Uint8Array(0);

/** A token outside the vocabulary has no bytes: logits may be padded beyond it. */
export function bytesOfToken(
  { pieces, kinds, preTokenizer }: Vocabulary,
  token: number,
): Uint8Array {
  const piece = pieces[token];
  if (piece === undefined) return noBytes;
  switch (kinds[token]) {
    case "control":
    case "unknown":
    case "user-defined":
      return encoder.encode(piece);
    case "byte": {
      const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece)?.[1];
      return byte === undefined ? encoder.encode(piece) : Uint8Array.of(Number.parseInt(byte, 16));
    }
    default:
      return preTokenizer.escapesSpaces
        ? encoder.encode(piece.replaceAll("▁", " "))
        : bytesOfByteLevelPiece(piece);
  }
}

/** Characters outside the alphabet, which no trained vocabulary has, stand for themselves. */
function bytesOfByteLevelPiece(piece: string): Uint8Array {
  const bytes = Array.from(piece).flatMap((character) => {
    const byte = byteOfCharacter.get(character);
    return byte === undefined ? Array.from(encoder.encode(character)) : [byte];
  });
  return Uint8Array.from(bytes);
}

/** Bytes as text to look at: what is not whole UTF-8 shows its bytes, `"é"` cut in two `<0xC3>`. */
export function showBytes(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return Array.from(bytes, showByte).join("");
  }
}

function showByte(byte: number): string {
  if (byte < 0x80) return String.fromCharCode(byte);
  return `<0x${byte.toString(16).toUpperCase()}>`;
}
