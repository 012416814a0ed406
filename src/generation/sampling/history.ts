/** The tokens a stage looks back on. */

/** What a window of this length means: all there is. */
const wholeHistory = -1;

/** The last `count` tokens, or all of them for `wholeHistory`; a copy. */
export function recentTokens(history: readonly number[], count: number): readonly number[] {
  if (count === wholeHistory) return history.slice();
  return history.slice(Math.max(0, history.length - count));
}
