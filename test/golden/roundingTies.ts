/**
 * Rounding ties. `fast` arithmetic rounds activations to integers. Where one lies within f32 noise
 * of a half, two correct implementations may round it to different sides, and the logits from that
 * position on differ by 0.01 to 0.3; llama.cpp's own AVX2 and SSE2 builds do. No tolerance on logits
 * can tell such a tie from a mistake. So a difference is only excused by proof: the run is repeated
 * with one tie, found in our own activations, rounded to the other side, and then everything must
 * agree within the usual tolerance.
 */
import type { ActivationEvent } from "../../src/support/events.ts";
import { subscribe } from "../../src/support/events.ts";

/**
 * How near to a half a scaled activation must lie to count as a tie. Scaled values reach 127, whose
 * f32 spacing is 7.6e-6; sums of some hundred products carry a few times that.
 */
const tieWidth = 4e-5;

/** One activation near a half, named by when it was encoded. */
export interface Tie {
  /** Count of encodings before it in the run. */
  readonly encoding: number;
  readonly index: number;
  readonly distance: number;
  /** For reports: matrix, position in the batch and scaled value. */
  readonly title: string;
}

const blockLayouts: Readonly<Record<string, { elements: number; bytes: number }>> = {
  blocksQ8_0: { elements: 32, bytes: 48 },
  blocksQ8_K: { elements: 256, bytes: 336 },
};

/** Collects the ties of a run, and rounds those in `flipped` the other way, until it is disposed of. */
export function watchTies(
  model: object,
  flipped: readonly Tie[],
): { readonly ties: Tie[] } & Disposable {
  const ties: Tie[] = [];
  let encoding = 0;
  const stop = subscribe("sluice:activation", (event) => {
    if (event.model !== model) return;
    for (const tie of findTies(event, encoding)) {
      ties.push(tie);
      if (flipped.some((other) => other.encoding === encoding && other.index === tie.index))
        flip(event, tie.index);
    }
    encoding++;
  });
  return { ties, [Symbol.dispose]: stop };
}

function findTies(event: ActivationEvent, encoding: number): Tie[] {
  const elements = blockElements(event.encoding);
  if (elements === 0) return [];
  const ties: Tie[] = [];
  for (let begin = 0; begin < event.values.length; begin += elements) {
    const block = event.values.subarray(begin, begin + elements);
    const scale = 127 / block.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    for (const [offset, value] of block.entries()) {
      const scaled = value * scale;
      const distance = Math.abs(Math.abs(scaled - Math.trunc(scaled)) - 0.5);
      if (!(distance <= tieWidth)) continue;
      const row = Math.floor((begin + offset) / event.width);
      ties.push({
        encoding,
        index: begin + offset,
        distance,
        title: `${event.matrix} row ${row}: ${scaled}`,
      });
    }
  }
  return ties;
}

/** Moves an encoded value by one towards the other side of its half. */
function flip({ encoding, values, encoded }: ActivationEvent, index: number): void {
  const elements = blockElements(encoding);
  const begin = index - (index % elements);
  const block = values.subarray(begin, begin + elements);
  const largest = block.reduce(
    (best, value) => (Math.abs(value) > Math.abs(best) ? value : best),
    0,
  );
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const layout = blockLayouts[encoding];
  if (layout === undefined) {
    const step = Math.abs(largest) / 127;
    const scaled = (values[index] ?? 0) / step;
    const stored = view.getFloat32(index * 4, true);
    view.setFloat32(index * 4, stored + Math.sign(scaled - stored / step) * step, true);
    return;
  }
  const at = ((index / elements) | 0) * layout.bytes;
  // Q8_K scales by -127 over the signed largest value, Q8_0 by 127 over its magnitude.
  const scaled =
    (values[index] ?? 0) * (encoding === "blocksQ8_K" ? -127 / largest : 127 / Math.abs(largest));
  const stored = view.getInt8(at + (index % elements));
  const step = Math.sign(scaled - stored);
  view.setInt8(at + (index % elements), stored + step);
  const negatives = Math.max(0, -stored - step) - Math.max(0, -stored); // what their sum gains
  if (encoding === "blocksQ8_K") {
    const inBlock = index % elements;
    const sixteens = at + 256 + 2 * Math.floor(inBlock / 16);
    const thirtyTwos = at + 288 + 2 * Math.floor(inBlock / 32);
    const negatives32 = at + 304 + 2 * Math.floor(inBlock / 32);
    view.setInt16(sixteens, view.getInt16(sixteens, true) + step, true);
    view.setInt16(thirtyTwos, view.getInt16(thirtyTwos, true) + step, true);
    view.setInt16(negatives32, view.getInt16(negatives32, true) + negatives, true);
  } else {
    const sum = view.getInt32(at + 40, true) + step;
    view.setInt32(at + 40, sum, true);
    view.setInt32(at + 44, view.getInt32(at + 44, true) + negatives, true);
    const scale = Math.abs(largest) / 127;
    view.setFloat32(at + 36, new Float16Array([scale * sum])[0] ?? 0, true);
  }
}

function blockElements(encoding: string): number {
  if (encoding.endsWith("Q8_K")) return 256;
  if (encoding.endsWith("Q8_0")) return 32;
  return 0;
}
