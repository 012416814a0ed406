// Reads numbers that begin at any byte of `weights`, the array<u32> of raw GGUF bytes that a shader
// binds. Blocks of most formats are no multiple of four bytes long, so words are put together.

// Four bytes, the first in the lowest bits.
fn wordAt(byte: u32) -> u32 {
  let shift = 8u * (byte & 3u);
  // The upper part is shifted in two steps, for one of 32 would be none.
  return (weights[byte >> 2u] >> shift) | ((weights[(byte >> 2u) + 1u] << 1u) << (31u - shift));
}

// Four bytes at a multiple of four.
fn alignedWordAt(byte: u32) -> u32 {
  return weights[byte >> 2u];
}

fn byteAt(byte: u32) -> u32 {
  return (weights[byte >> 2u] >> (8u * (byte & 3u))) & 0xffu;
}

// An f16 at a multiple of two.
fn halfAt(byte: u32) -> f32 {
  return unpack2x16float(weights[byte >> 2u] >> (8u * (byte & 2u))).x;
}

// Byte i, 0 to 3, of a word.
fn byteOf(word: u32, i: u32) -> u32 {
  return (word >> (8u * i)) & 0xffu;
}

// The same, signed.
fn signedByteOf(word: u32, i: u32) -> i32 {
  return extractBits(bitcast<i32>(word), 8u * i, 8u);
}

// Four bytes 0 to 127, each less `offset` (1 to 128), as four i8.
fn lessInEachByte(bytes: u32, offset: u32) -> u32 {
  // With the top bits set nothing is borrowed from the next byte; then each is put right.
  return ((bytes | 0x80808080u) - offset * 0x01010101u) ^ 0x80808080u;
}
