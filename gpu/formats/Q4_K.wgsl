// Q4_K, 144 bytes: d, dmin (f16) @0, six-bit scales and minima [12] @4, nibbles [128] @16.
// Nibble bytes 32p to 32p + 31 hold group 2p low and group 2p + 1 high.
// value = d * scale * q - dmin * minimum                        Interface: families/superblocks.wgsl

//#import lib/sixBitFactors.wgsl

const BLOCK_BYTES = 144u;

fn quants(block: u32, share: u32) -> array<u32, 8> {
  var words: array<u32, 8>;
  for (var p = 0u; p < 4u; p++) {
    let nibbles = alignedWordAt(block + 16u + 32u * p + 4u * share);
    words[2u * p] = nibbles & 0x0f0f0f0fu;
    words[2u * p + 1u] = (nibbles >> 4u) & 0x0f0f0f0fu;
  }
  return words;
}
