// Q5_K, 176 bytes: d, dmin (f16) @0, six-bit scales and minima [12] @4, fifth bits [32] @16,
// nibbles [128] @48 as in Q4_K. Bit g of fifth-bit byte l belongs to value l of group g.
// value = d * scale * q - dmin * minimum                        Interface: families/superblocks.wgsl

//#import lib/sixBitFactors.wgsl

const BLOCK_BYTES = 176u;

fn quants(block: u32, share: u32) -> array<u32, 8> {
  let fifthBits = alignedWordAt(block + 16u + 4u * share);
  var words: array<u32, 8>;
  for (var p = 0u; p < 4u; p++) {
    let nibbles = alignedWordAt(block + 48u + 32u * p + 4u * share);
    let bits = fifthBits >> (2u * p);
    words[2u * p] = (nibbles & 0x0f0f0f0fu) | ((bits & 0x01010101u) << 4u);
    words[2u * p + 1u] = ((nibbles >> 4u) & 0x0f0f0f0fu) | ((bits & 0x02020202u) << 3u);
  }
  return words;
}
