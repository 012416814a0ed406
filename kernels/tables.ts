/**
 * Constants the kernels read from memory.
 *
 * Why memory and not literals: a `v128.const` or `splat(literal)` in a loop is built anew at every
 * use by V8's optimising compiler (three instructions each), which halves the speed of the matvec
 * loops; a load from a table stays a load, or a register. The tables fill the reserved first
 * 4096 bytes of every memory, codebooks those behind them. Each name below is the byte address of one or more 16-byte vectors.
 */

/** i8: 0x0f, the low nibble of each byte. */
export const LOW_NIBBLE: usize = 0;
/** i8: 0x30, where the upper two bits of a Q6_K value go. */
export const BITS_4_AND_5: usize = 16;
/** i8: 0x10, where the fifth bit of a Q5 value goes. */
export const BIT_4: usize = 32;
/** i16: 1, to sum neighbours with a dot product. */
export const ONES_I16: usize = 48;
/** i16: 0x00ff, the even byte of each pair. */
export const EVEN_BYTES: usize = 64;

/** i8: byte i holds `1 << (i % 8)`. */
export const BIT_OF_BYTE: usize = 80;
/** Swizzle: bytes 0 and 1 of a vector, eight times each. */
export const SPREAD_BYTES_0_1: usize = 96;
/** Swizzle: bytes 2 and 3 of a vector, eight times each. */
export const SPREAD_BYTES_2_3: usize = 112;
/** Eight swizzles: the i-th copies 16-bit lane i to all lanes. */
export const SPREAD_LANE: usize = 128;

/** i32: masks and exponents (in place, as f32 bits) of the f16 conversions in half.ts. */
export const HALF_MAGNITUDE: usize = 256;
export const HALF_SIGN: usize = 272;
export const REBIAS: usize = 288;
export const SMALLEST_NORMAL_HALF: usize = 304;
export const SMALLEST_NORMAL_SHIFTED: usize = 320;
export const LARGEST_FINITE_SHIFTED: usize = 336;
export const FLOAT_MAGNITUDE: usize = 352;
export const HALF_OVERFLOW: usize = 368;
export const HALF_INFINITY: usize = 384;
export const FLOAT_INFINITY: usize = 400;
export const HALF_NAN: usize = 416;
export const SUBNORMAL_ALIGN: usize = 432;
export const ROUND_BIAS: usize = 448;
export const ONES_I32: usize = 464;
export const BRAIN_ROUND_BIAS: usize = 480;
export const BRAIN_MASK: usize = 496;
export const QUIET_BIT: usize = 512;

export const HALF_BITS_SHIFTED: usize = 752;
/** f32: 2^112, which corrects the exponent bias of an f16 in f32's place. */
export const TWO_TO_112: usize = 768;
export const TWO_TO_MINUS_112: usize = 912;
/** i16: the sign of an f16 and, three bits lower than it has them, all but three bits of the rest. */
export const HALF_SIGN_AND_REST: usize = 928;

/** f32: constants of the exponential in exponential.ts. */
export const EXP_LOWEST: usize = 528;
export const EXP_HIGHEST: usize = 544;
export const LOG2_E: usize = 560;
export const LN2_HIGH: usize = 576;
export const LN2_LOW: usize = 592;
/** f32: six polynomial coefficients, highest power first. */
export const EXP_POLYNOMIAL: usize = 608;
export const ONES_F32: usize = 704;
/** i32: 127, the bias of the f32 exponent. */
export const EXPONENT_BIAS: usize = 720;

/** i8: 0x3f, a 6-bit scale. */
export const LOW_SIX_BITS: usize = 736;

/** i8: 3, the low two bits of each byte. */
export const LOW_TWO_BITS: usize = 784;
/** i8: 4, the third bit of each byte. */
export const BIT_2: usize = 800;
/** i16: 2^14, 2^12, ... 1: times a u16, they lift its bit pairs to the top, the lowest pair first. */
export const LIFT_BIT_PAIRS: usize = 816;
/** i32: 2^6, 2^4, 2^2, 1: times a u32, they lift bit pairs to the top of each byte. */
export const LIFT_BYTES_BIT_PAIRS: usize = 832;
/** i16: 32, by which six-bit scales are offset, and 0x30, their upper two bits. */
export const OFFSET_32: usize = 848;
export const BITS_4_AND_5_I16: usize = 864;
/** i8: the sixteen levels of IQ4_NL and IQ4_XS. */
export const IQ4_LEVELS: usize = 880;
/** i8: twice the sixteen values of E2M1, plus 12. */
export const LIFTED_E2M1: usize = 896;
/** i8: the same without the 12. */
export const DOUBLED_E2M1: usize = 944;
/** i8: 2. */
export const TWOS_I8: usize = 960;
/** i16: what evens out weights that stay in place, for two groups of each run: see runs.ts. */
export const PLACE_FACTORS: usize = 976;
/** i8: 0x0c, bits 2 and 3; 0x40, bit 6. */
export const BITS_2_AND_3: usize = 992;
export const BIT_6: usize = 1008;
/** f32: half of what each of 256 bytes stands for as unsigned E4M3; the 127th, a NaN, counts as 0. */
export const HALVED_E4M3: usize = 1024;

/**
 * The codebooks of the IQ1, IQ2 and IQ3 formats: entries of eight i8, of the IQ3 ones four. Not written
 * here: see `src/compute/cpu/codebooks.ts`.
 */
export const GRID_IQ2_XXS: usize = 4096;
export const GRID_IQ2_XS: usize = 6144;
export const GRID_IQ2_S: usize = 10240;
export const GRID_IQ3_XXS: usize = 18432;
export const GRID_IQ3_S: usize = 19456;
export const GRID_IQ1_S: usize = 21504;

/** Writes every table. Call once per memory, before any other kernel; harmless when repeated. */
export function initialise(): void {
  v128.store(LOW_NIBBLE, i8x16.splat(0x0f));
  v128.store(BITS_4_AND_5, i8x16.splat(0x30));
  v128.store(LOW_SIX_BITS, i8x16.splat(0x3f));
  v128.store(BIT_4, i8x16.splat(0x10));
  v128.store(ONES_I16, i16x8.splat(1));
  v128.store(EVEN_BYTES, i16x8.splat(0x00ff));

  v128.store(BIT_OF_BYTE, i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128));
  v128.store(SPREAD_BYTES_0_1, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
  v128.store(SPREAD_BYTES_2_3, i8x16(2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3));
  for (let lane = 0; lane < 8; lane++) {
    const bytes = (2 * lane) | ((2 * lane + 1) << 8);
    v128.store(SPREAD_LANE + 16 * <usize>lane, i16x8.splat(<i16>bytes));
  }

  v128.store(LOW_TWO_BITS, i8x16.splat(3));
  v128.store(BIT_2, i8x16.splat(4));
  v128.store(LIFT_BIT_PAIRS, i16x8(16384, 4096, 1024, 256, 64, 16, 4, 1));
  v128.store(LIFT_BYTES_BIT_PAIRS, i32x4(64, 16, 4, 1));
  v128.store(OFFSET_32, i16x8.splat(32));
  v128.store(BITS_4_AND_5_I16, i16x8.splat(0x30));
  v128.store(
    IQ4_LEVELS,
    i8x16(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113),
  );
  v128.store(LIFTED_E2M1, i8x16(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0));

  v128.store(DOUBLED_E2M1, i8x16(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12));
  v128.store(PLACE_FACTORS, i16x8(16, 16, 4, 4, 1, 1, 1, 1));
  v128.store(BITS_2_AND_3, i8x16.splat(0x0c));
  v128.store(BIT_6, i8x16.splat(0x40));
  v128.store(TWOS_I8, i8x16.splat(2));
  for (let byte: u32 = 0; byte < 256; byte++) {
    store<f32>(HALVED_E4M3 + ((<usize>byte) << 2), byte === 127 ? 0 : halvedE4M3(byte));
  }

  v128.store(HALF_MAGNITUDE, i32x4.splat(0x7fff));
  v128.store(HALF_SIGN, i32x4.splat(0x8000));
  v128.store(REBIAS, i32x4.splat((127 - 15) << 23));
  v128.store(SMALLEST_NORMAL_HALF, i32x4.splat((127 - 14) << 23));
  v128.store(SMALLEST_NORMAL_SHIFTED, i32x4.splat(1 << 23));
  v128.store(LARGEST_FINITE_SHIFTED, i32x4.splat((31 << 23) - 1));
  v128.store(FLOAT_MAGNITUDE, i32x4.splat(0x7fffffff));
  v128.store(HALF_OVERFLOW, i32x4.splat((127 + 16) << 23));
  v128.store(HALF_INFINITY, i32x4.splat(0x7c00));
  v128.store(FLOAT_INFINITY, i32x4.splat(0x7f800000));
  v128.store(HALF_NAN, i32x4.splat(0x7e00));
  v128.store(SUBNORMAL_ALIGN, i32x4.splat((127 - 1) << 23));
  v128.store(ROUND_BIAS, i32x4.splat(0x0fff));
  v128.store(ONES_I32, i32x4.splat(1));
  v128.store(BRAIN_ROUND_BIAS, i32x4.splat(0x7fff));
  v128.store(BRAIN_MASK, i32x4.splat(0xffff0000));
  v128.store(QUIET_BIT, i32x4.splat(0x00400000));

  v128.store(HALF_BITS_SHIFTED, i32x4.splat(0x8fffe000));
  v128.store(TWO_TO_112, i32x4.splat((127 + 112) << 23));
  v128.store(TWO_TO_MINUS_112, i32x4.splat((127 - 112) << 23));
  v128.store(HALF_SIGN_AND_REST, i16x8.splat(<i16>0x8fff));

  v128.store(EXP_LOWEST, f32x4.splat(-104));
  v128.store(EXP_HIGHEST, f32x4.splat(89));
  v128.store(LOG2_E, f32x4.splat(<f32>Math.LOG2E));
  v128.store(LN2_HIGH, f32x4.splat(0.693359375));
  v128.store(LN2_LOW, f32x4.splat(-2.1219444e-4));
  v128.store(EXP_POLYNOMIAL, f32x4.splat(1.98756915e-4));
  v128.store(EXP_POLYNOMIAL, f32x4.splat(1.3981999507e-3), 16);
  v128.store(EXP_POLYNOMIAL, f32x4.splat(8.3334519073e-3), 32);
  v128.store(EXP_POLYNOMIAL, f32x4.splat(4.1665795894e-2), 48);
  v128.store(EXP_POLYNOMIAL, f32x4.splat(1.6666665459e-1), 64);
  v128.store(EXP_POLYNOMIAL, f32x4.splat(5.0000001201e-1), 80);
  v128.store(ONES_F32, f32x4.splat(1));
  v128.store(EXPONENT_BIAS, i32x4.splat(127));
}

/** Four bits of exponent and three of fraction; where a sign would be is a fifth bit of exponent. */
function halvedE4M3(bits: u32): f32 {
  const exponent = bits >> 3;
  const fraction = bits & 7;
  if (exponent === 0) return <f32>fraction * <f32>(1.0 / 1024);
  return <f32>(fraction + 8) * reinterpret<f32>((<i32>(exponent + (127 - 11))) << 23);
}
