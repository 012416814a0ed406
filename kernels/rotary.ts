/**
 * Rotary position embedding, in place, on the first `rotarySize` values of every head.
 * A pair (a, b) becomes (a cos - b sin, a sin + b cos). Source: Su et al., RoFormer,
 * arXiv:2104.09864, eq. 34. The angles come from TypeScript, computed in f64:
 *   x       [tokens][heads][headSize] f32
 *   angles  [tokens][2][rotarySize / 2] f32: the cosines of a token's pairs, then their sines
 */

/** Pairs are neighbours: (0, 1), (2, 3), ... (ggml's NORM). */
export function rotateNorm(
  x: usize,
  angles: usize,
  headSize: i32,
  rotarySize: i32,
  heads: i32,
  tokens: i32,
): void {
  const pairs = rotarySize >> 1;
  for (let token = 0; token < tokens; token++) {
    const cosines = angles + ((<usize>token * <usize>rotarySize) << 2);
    const sines = cosines + ((<usize>pairs) << 2);
    for (let head = 0; head < heads; head++) {
      let pair = 0;
      for (; pair < (pairs & ~3); pair += 4) {
        const at = x + ((<usize>pair) << 3);
        const first = v128.load(at, 0);
        const second = v128.load(at, 16);
        const a = v128.shuffle<i32>(first, second, 0, 2, 4, 6);
        const b = v128.shuffle<i32>(first, second, 1, 3, 5, 7);
        const cos = v128.load(cosines + ((<usize>pair) << 2));
        const sin = v128.load(sines + ((<usize>pair) << 2));
        const rotatedA = f32x4.sub(f32x4.mul(a, cos), f32x4.mul(b, sin));
        const rotatedB = f32x4.add(f32x4.mul(a, sin), f32x4.mul(b, cos));
        v128.store(at, v128.shuffle<i32>(rotatedA, rotatedB, 0, 4, 1, 5), 0);
        v128.store(at, v128.shuffle<i32>(rotatedA, rotatedB, 2, 6, 3, 7), 16);
      }
      for (; pair < pairs; pair++) {
        const at = x + ((<usize>pair) << 3);
        rotatePair(at, at + 4, cosines + ((<usize>pair) << 2), sines + ((<usize>pair) << 2));
      }
      x += (<usize>headSize) << 2;
    }
  }
}

/** Pairs are halves apart: (0, rotarySize / 2), (1, rotarySize / 2 + 1), ... (GPT-NeoX). */
export function rotateNeox(
  x: usize,
  angles: usize,
  headSize: i32,
  rotarySize: i32,
  heads: i32,
  tokens: i32,
): void {
  const pairs = rotarySize >> 1;
  const half = (<usize>pairs) << 2;
  for (let token = 0; token < tokens; token++) {
    const cosines = angles + ((<usize>token * <usize>rotarySize) << 2);
    const sines = cosines + half;
    for (let head = 0; head < heads; head++) {
      let pair = 0;
      for (; pair < (pairs & ~3); pair += 4) {
        const offset = (<usize>pair) << 2;
        const a = v128.load(x + offset);
        const b = v128.load(x + half + offset);
        const cos = v128.load(cosines + offset);
        const sin = v128.load(sines + offset);
        v128.store(x + offset, f32x4.sub(f32x4.mul(a, cos), f32x4.mul(b, sin)));
        v128.store(x + half + offset, f32x4.add(f32x4.mul(a, sin), f32x4.mul(b, cos)));
      }
      for (; pair < pairs; pair++) {
        const offset = (<usize>pair) << 2;
        rotatePair(x + offset, x + half + offset, cosines + offset, sines + offset);
      }
      x += (<usize>headSize) << 2;
    }
  }
}

function rotatePair(first: usize, second: usize, cosine: usize, sine: usize): void {
  const a = load<f32>(first);
  const b = load<f32>(second);
  const cos = load<f32>(cosine);
  const sin = load<f32>(sine);
  store<f32>(first, a * cos - b * sin);
  store<f32>(second, a * sin + b * cos);
}
