// Q2_K, 84 bytes: scale (low) and minimum nibbles [16] @0, bit pairs [64] @16, d, dmin (f16) @80.
// A half has four runs of 32 values; bit pair r of its byte j is for value j of run r.
// value = d * scale * q - dmin * minimum                        Interface: families/superblocks.wgsl

const BLOCK_BYTES = 84u;
const MINIMA = true;

fn outer(block: u32) -> vec2<f32> {
  return unpack2x16float(alignedWordAt(block + 80u));
}

fn quants(block: u32, share: u32) -> array<u32, 8> {
  var words: array<u32, 8>;
  for (var half = 0u; half < 2u; half++) {
    let pairs = alignedWordAt(block + 16u + 32u * half + 4u * share);
    for (var run = 0u; run < 4u; run++) {
      words[4u * half + run] = (pairs >> (2u * run)) & 0x03030303u;
    }
  }
  return words;
}

fn scales(block: u32, share: u32) -> array<i32, 8> {
  return nibbleFactors(block, share, 0u);
}

fn minima(block: u32, share: u32) -> array<i32, 8> {
  return nibbleFactors(block, share, 4u);
}

fn nibbleFactors(block: u32, share: u32, shift: u32) -> array<i32, 8> {
  var factors: array<i32, 8>;
  for (var i = 0u; i < 4u; i++) {
    let nibbles = (alignedWordAt(block + 4u * i) >> shift) & 0x0f0f0f0fu;
    factors[2u * i] = i32(byteOf(nibbles, share >> 2u));
    factors[2u * i + 1u] = i32(byteOf(nibbles, 2u + (share >> 2u)));
  }
  return factors;
}
