/**
 * The IQ1, IQ2 and IQ3 formats and the ternary ones. They have no dot product of their own: a
 * superblock is unpacked to a panel (panels.ts), whatever the number of tokens.
 *
 * Weights are signed and at most 62, so a panel has them lifted by 64, which comes off through the
 * activations' sums of 16. Codebooks ("grids") lie in memory behind the tables, each entry four or
 * eight bytes; `src/compute/cpu/codebooks.ts` puts them there.
 *
 * Layouts (d: f16; one scale s of four bits for 16 or 32 values; signs: a set bit is a minus):
 *   IQ2_XXS 66 B: d @0, 8 times (indices[4], u32 of 4 x 7 sign bits and s) @2
 *   IQ2_XS  74 B: d @0, 32 u16 of a 9-bit index and 7 sign bits @2, s[16] @66
 *   IQ2_S   82 B: d @0, indices[32] @2, signs[32] @34, index bits 8-9 [32] @66, s[16] @74
 *   IQ3_XXS 98 B: d @0, indices[64] @2, 8 u32 of 4 x 7 sign bits and s @66
 *   IQ3_S  110 B: d @0, indices[64] @2, index bit 8 [64] @66, signs[32] @74, s[8] @106
 *   IQ1_S   50 B: d @0, indices[32] @2, 8 u16 of 4 x index bits 8-10, s and the shift's sign @34
 *   IQ1_M   56 B: indices[32] @0, 32 nibbles of index bits 8-10 and the shift's sign @32,
 *                 4 u16 of four s and a nibble of d @48
 *   TQ1_0   54 B: base-3 digits [48] and [4] @0, d @52
 *   TQ2_0   66 B: bit pairs [64] @0, d @64
 * Seven sign bits stand for eight: the eighth is their parity.
 */

import { widenHalves } from "./half";
import { LIFT, PANEL_D, storeLiftedScale } from "./panels";
import {
  BIT_OF_BYTE,
  GRID_IQ1_S,
  GRID_IQ2_S,
  GRID_IQ2_XS,
  GRID_IQ2_XXS,
  GRID_IQ3_S,
  GRID_IQ3_XXS,
  LOW_TWO_BITS,
} from "./tables";

export class IQ2_XXS {
  get blockBytes(): usize {
    return 66;
  }

  unpack(block: usize, panel: usize): void {
    for (let group: usize = 0; group < 8; group++) {
      const indices = block + 2 + 8 * group;
      const fields = load<u32>(indices, 4);
      const at = panel + 32 * group;
      for (let octet: usize = 0; octet < 4; octet++) {
        const signs = evenSigns((fields >> (7 * <u32>octet)) & 127);
        const grid = v128.load64_zero(GRID_IQ2_XXS + 8 * <usize>load<u8>(indices + octet));
        storeSigned(at + 8 * octet, grid, signs);
      }
      storeScalePair(panel, group, 2 * (fields >> 28) + 1, 2 * (fields >> 28) + 1);
    }
    storeOuter(block, panel, 0.125);
  }
}

export class IQ2_XS {
  get blockBytes(): usize {
    return 74;
  }

  unpack(block: usize, panel: usize): void {
    for (let octet: usize = 0; octet < 32; octet++) {
      const field = <u32>load<u16>(block + 2 * octet, 2);
      const grid = v128.load64_zero(GRID_IQ2_XS + 8 * <usize>(field & 511));
      storeSigned(panel + 8 * octet, grid, evenSigns(field >> 9));
    }
    storeNibbleScales(block + 66, panel);
    storeOuter(block, panel, 0.125);
  }
}

export class IQ2_S {
  get blockBytes(): usize {
    return 82;
  }

  unpack(block: usize, panel: usize): void {
    for (let octet: usize = 0; octet < 32; octet++) {
      const high = (<u32>load<u8>(block + (octet >> 2), 66) >> (2 * (<u32>octet & 3))) & 3;
      const index = <u32>load<u8>(block + octet, 2) | (high << 8);
      const grid = v128.load64_zero(GRID_IQ2_S + 8 * <usize>index);
      storeSigned(panel + 8 * octet, grid, load<u8>(block + octet, 34));
    }
    storeNibbleScales(block + 74, panel);
    storeOuter(block, panel, 0.125);
  }
}

export class IQ3_XXS {
  get blockBytes(): usize {
    return 98;
  }

  unpack(block: usize, panel: usize): void {
    for (let group: usize = 0; group < 8; group++) {
      const fields = load<u32>(block + 4 * group, 66);
      const at = panel + 32 * group;
      for (let octet: usize = 0; octet < 4; octet++) {
        const indices = block + 8 * group + 2 * octet;
        const first = v128.load32_zero(GRID_IQ3_XXS + 4 * <usize>load<u8>(indices, 2));
        const both = v128.load32_lane(GRID_IQ3_XXS + 4 * <usize>load<u8>(indices, 3), first, 1);
        storeSigned(at + 8 * octet, both, evenSigns((fields >> (7 * <u32>octet)) & 127));
      }
      storeScalePair(panel, group, 2 * (fields >> 28) + 1, 2 * (fields >> 28) + 1);
    }
    storeOuter(block, panel, 0.25);
  }
}

export class IQ3_S {
  get blockBytes(): usize {
    return 110;
  }

  unpack(block: usize, panel: usize): void {
    for (let octet: usize = 0; octet < 32; octet++) {
      const high = <u32>load<u8>(block + (octet >> 2), 66) >> (2 * (<u32>octet & 3));
      const first = <u32>load<u8>(block + 2 * octet, 2) | ((high & 1) << 8);
      const second = <u32>load<u8>(block + 2 * octet, 3) | ((high & 2) << 7);
      const half = v128.load32_zero(GRID_IQ3_S + 4 * <usize>first);
      const both = v128.load32_lane(GRID_IQ3_S + 4 * <usize>second, half, 1);
      storeSigned(panel + 8 * octet, both, load<u8>(block + octet, 74));
    }
    for (let group: usize = 0; group < 8; group++) {
      const s = (<u32>load<u8>(block + (group >> 1), 106) >> (4 * (<u32>group & 1))) & 15;
      storeScalePair(panel, group, 2 * s + 1, 2 * s + 1);
    }
    storeOuter(block, panel, 1);
  }
}

/** A value of the IQ1 formats is an eighth of `8 * grid + 1` or of `8 * grid - 1`. */
export class IQ1_S {
  get blockBytes(): usize {
    return 50;
  }

  unpack(block: usize, panel: usize): void {
    for (let group: usize = 0; group < 8; group++) {
      const fields = <u32>load<u16>(block + 2 * group, 34);
      const at = panel + 32 * group;
      for (let octet: usize = 0; octet < 4; octet++) {
        const high = (fields >> (3 * <u32>octet)) & 7;
        const index = <u32>load<u8>(block + 4 * group + octet, 2) | (high << 8);
        storeShifted(at + 8 * octet, index, fields >> 15);
      }
      const scale = 2 * ((fields >> 12) & 7) + 1;
      storeScalePair(panel, group, scale, scale);
    }
    storeOuter(block, panel, 0.125);
  }
}

export class IQ1_M {
  get blockBytes(): usize {
    return 56;
  }

  unpack(block: usize, panel: usize): void {
    for (let octet: usize = 0; octet < 32; octet++) {
      const nibble = <u32>load<u8>(block + (octet >> 1), 32) >> (4 * (<u32>octet & 1));
      const index = <u32>load<u8>(block + octet) | ((nibble & 7) << 8);
      storeShifted(panel + 8 * octet, index, (nibble >> 3) & 1);
    }
    for (let group: usize = 0; group < 8; group++) {
      const fields = <u32>load<u16>(block + 2 * (group >> 1), 48) >> (6 * (<u32>group & 1));
      storeScalePair(panel, group, 2 * (fields & 7) + 1, 2 * ((fields >> 3) & 7) + 1);
    }
    const d =
      (<u32>load<u16>(block, 48) >> 12) |
      ((<u32>load<u16>(block, 50) >> 8) & 0xf0) |
      ((<u32>load<u16>(block, 52) >> 4) & 0xf00) |
      (<u32>load<u16>(block, 54) & 0xf000);
    storeOuterValue(i32x4.splat(d), panel, 0.125);
  }
}

export class TQ1_0 {
  get blockBytes(): usize {
    return 54;
  }

  /** Digit n of all bytes comes before digit n + 1: 32 bytes of five, 16 of five, 4 of four. */
  unpack(block: usize, panel: usize): void {
    let first = v128.load(block, 0);
    let second = v128.load(block, 16);
    let third = v128.load(block, 32);
    let fourth = v128.load32_zero(block, 48);
    for (let n: usize = 0; n < 5; n++) {
      v128.store(panel + 32 * n, lifted(digits(first)), 0);
      v128.store(panel + 32 * n, lifted(digits(second)), 16);
      v128.store(panel + 16 * n, lifted(digits(third)), 160);
      if (n < 4) v128.store32_lane(panel + 4 * n, lifted(digits(fourth)), 0, 240);
      first = thrice(first);
      second = thrice(second);
      third = thrice(third);
      fourth = thrice(fourth);
    }
    storeUnitScales(panel);
    storeOuter(block + 52, panel, 1);
  }
}

export class TQ2_0 {
  get blockBytes(): usize {
    return 66;
  }

  unpack(block: usize, panel: usize): void {
    const mask = v128.load(LOW_TWO_BITS);
    for (let run: usize = 0; run < 8; run++) {
      const bytes = block + 32 * (run >> 2);
      const shift = 2 * (<i32>run & 3);
      const at = panel + 32 * run;
      v128.store(at, lifted(v128.and(i16x8.shr_u(v128.load(bytes, 0), shift), mask)), 0);
      v128.store(at, lifted(v128.and(i16x8.shr_u(v128.load(bytes, 16), shift), mask)), 16);
    }
    storeUnitScales(panel);
    storeOuter(block + 64, panel, 1);
  }
}

/** Bytes times 3, modulo 256. */
function thrice(bytes: v128): v128 {
  return i8x16.add(bytes, i8x16.add(bytes, bytes));
}

/** The first base-3 digits behind the point of bytes that are fractions of 256. */
function digits(bytes: v128): v128 {
  const three = i16x8.splat(3);
  const low = i16x8.shr_u(i16x8.mul(i16x8.extend_low_i8x16_u(bytes), three), 8);
  const high = i16x8.shr_u(i16x8.mul(i16x8.extend_high_i8x16_u(bytes), three), 8);
  return i8x16.narrow_i16x8_u(low, high);
}

/** 0, 1 and 2 stand for -1, 0 and 1. */
function lifted(codes: v128): v128 {
  return i8x16.add(codes, i8x16.splat(LIFT - 1));
}

/** Eight signs from seven: the eighth is the parity. */
function evenSigns(signs: u32): u32 {
  return signs | ((popcnt(signs) & 1) << 7);
}

/** Stores eight magnitudes with their signs, lifted. */
function storeSigned(output: usize, magnitudes: v128, signs: u32): void {
  const bits = v128.load(BIT_OF_BYTE);
  const minus = i8x16.eq(v128.and(i8x16.splat(<i8>signs), bits), bits);
  const signed = i8x16.sub(v128.xor(magnitudes, minus), minus);
  v128.store64_lane(output, i8x16.add(signed, i8x16.splat(LIFT)), 0);
}

/** Stores `8 * grid + 1`, with a `minus` of 1 `8 * grid - 1`, lifted. */
function storeShifted(output: usize, index: u32, minus: u32): void {
  const grid = v128.load64_zero(GRID_IQ1_S + 8 * <usize>index);
  const twice = i8x16.add(grid, grid);
  const fourTimes = i8x16.add(twice, twice);
  const shift = i8x16.splat(<i8>(LIFT + 1 - 2 * <i32>minus));
  v128.store64_lane(output, i8x16.add(i8x16.add(fourTimes, fourTimes), shift), 0);
}

/** The scales of 16 values each, of a group of 32. */
function storeScalePair(panel: usize, group: usize, first: u32, second: u32): void {
  storeLiftedScale(panel, 2 * group, first);
  storeLiftedScale(panel, 2 * group + 1, second);
}

/** Sixteen nibbles s as scales 2 s + 1. */
function storeNibbleScales(nibbles: usize, panel: usize): void {
  for (let group: usize = 0; group < 8; group++) {
    const both = <u32>load<u8>(nibbles + group);
    storeScalePair(panel, group, 2 * (both & 15) + 1, 2 * (both >> 4) + 1);
  }
}

function storeUnitScales(panel: usize): void {
  for (let group: usize = 0; group < 8; group++) storeScalePair(panel, group, 1, 1);
}

/** Stores the f16 at `half`, times a power of two, as d. */
function storeOuter(half: usize, panel: usize, factor: f32): void {
  storeOuterValue(v128.load16_lane(half, i32x4.splat(0), 0), panel, factor);
}

function storeOuterValue(half: v128, panel: usize, factor: f32): void {
  store<f32>(panel, f32x4.extract_lane(widenHalves(half), 0) * factor, PANEL_D);
}
