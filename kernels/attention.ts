/**
 * Query heads that share keys and values, over the cached positions that each of them sees: scores,
 * softmax, weighted values.
 *
 *   format   how keys and values are stored: 0 f32, 1 f16, 2 Q8_0 blocks (of 32 values)
 *   queries  `count` rows of [headSize] f32
 *   windows  for each query two i32: it sees the positions [begin, end), end > begin
 *   keys     a row of [headSize] values for each position, back to back
 *   values   a row of [valueSize] values for each position
 *   output   `count` rows of [valueSize] f32
 *   scratch  a tile of 4 * 16 * max(headSize, valueSize) bytes; then the attention weights: those of
 *            query i are its end - begin f32 from `4 * i * weightStride` on
 *
 * What is not f32 is widened tile by tile, once for all queries. A score's bits depend on its query and
 * key alone (the summation order is that of floats.ts), and each output value adds `weight * value` in
 * the order of positions. So a result depends neither on the queries beside it, nor on how a prompt
 * was cut into batches, nor on the thread that computes it.
 */

import { mixForOne, mixForTwo, scoreForOne, scoreForTwo } from "./attentionSums";
import { scale, softmax } from "./elementwise";
import { widenHalfRow } from "./half";
import { Q8_0_STORED_BYTES, widenQ8_0Row } from "./storedBlocks";

const SINGLES: i32 = 0;
const HALVES: i32 = 1;

/** Positions widened at once: with heads of 128 values they stay in the L1 cache. */
const TILE: i32 = 16;

export function attend(
  format: i32,
  count: i32,
  queries: usize,
  windows: usize,
  keys: usize,
  values: usize,
  output: usize,
  headSize: i32,
  valueSize: i32,
  factor: f32,
  scratch: usize,
  weightStride: i32,
): void {
  const weights = scratch + bytesOf(TILE * max(headSize, valueSize));
  const queryBytes = bytesOf(headSize);
  const outputBytes = bytesOf(valueSize);
  const stride = bytesOf(weightStride);
  const canPair = ((headSize | valueSize) & 3) === 0;
  let first = i32.MAX_VALUE;
  let last = 0;
  for (let query = 0; query < count; query++) {
    first = min(first, beginOf(windows, query));
    last = max(last, endOf(windows, query));
  }

  for (let position = first; position < last; position += TILE) {
    const limit = min(position + TILE, last);
    const tile = openTile(format, keys, headSize, position, limit, scratch);
    for (let query = 0; query < count; query++) {
      const from = max(position, beginOf(windows, query));
      const seen = min(limit, endOf(windows, query)) - from;
      const row = tile + <usize>(from - position) * queryBytes;
      const x = queries + <usize>query * queryBytes;
      const scores = weightAt(weights, stride, windows, query, from);
      if (canPair && seesTheSame(windows, query, count, position, limit)) {
        query++;
        const others = weightAt(weights, stride, windows, query, from);
        scoreForTwo(x, row, scores, others, headSize, seen);
      } else {
        scoreForOne(x, row, scores, headSize, seen);
      }
    }
  }

  for (let query = 0; query < count; query++) {
    const scores = weights + <usize>query * stride;
    const seen = endOf(windows, query) - beginOf(windows, query);
    scale(scores, factor, scores, seen);
    softmax(scores, seen);
  }

  memory.fill(output, 0, <usize>count * outputBytes);
  for (let position = first; position < last; position += TILE) {
    const limit = min(position + TILE, last);
    const tile = openTile(format, values, valueSize, position, limit, scratch);
    for (let query = 0; query < count; query++) {
      const from = max(position, beginOf(windows, query));
      const seen = min(limit, endOf(windows, query)) - from;
      const row = tile + <usize>(from - position) * outputBytes;
      const sums = output + <usize>query * outputBytes;
      const shares = weightAt(weights, stride, windows, query, from);
      if (canPair && seesTheSame(windows, query, count, position, limit)) {
        query++;
        const others = weightAt(weights, stride, windows, query, from);
        mixForTwo(shares, others, row, sums, valueSize, seen);
      } else {
        mixForOne(shares, row, sums, valueSize, seen);
      }
    }
  }
}

/** Bytes of `count` f32. */
function bytesOf(count: i32): usize {
  return (<usize>count) << 2;
}

function beginOf(windows: usize, query: i32): i32 {
  return load<i32>(windows + ((<usize>query) << 3));
}

function endOf(windows: usize, query: i32): i32 {
  return load<i32>(windows + ((<usize>query) << 3), 4);
}

/** Where the weight of a position lies that a query sees. */
function weightAt(weights: usize, stride: usize, windows: usize, query: i32, position: i32): usize {
  return weights + <usize>query * stride + bytesOf(position - beginOf(windows, query));
}

/** Whether a query and the one behind it see the same of the positions `[position, limit)`. */
function seesTheSame(windows: usize, query: i32, count: i32, position: i32, limit: i32): bool {
  if (query + 1 === count) return false;
  const begin = max(position, beginOf(windows, query));
  const end = min(limit, endOf(windows, query));
  return (
    begin === max(position, beginOf(windows, query + 1)) &&
    end === min(limit, endOf(windows, query + 1))
  );
}

/** The address of the rows `[position, limit)` as f32: where they are, or widened in `tile`. */
function openTile(
  format: i32,
  rows: usize,
  size: i32,
  position: i32,
  limit: i32,
  tile: usize,
): usize {
  const values = (limit - position) * size;
  if (format === SINGLES) return rows + bytesOf(position * size);
  if (format === HALVES) {
    widenHalfRow(rows + ((<usize>(position * size)) << 1), tile, values);
  } else {
    const rowBytes = <usize>(size >> 5) * Q8_0_STORED_BYTES;
    widenQ8_0Row(rows + <usize>position * rowBytes, tile, values);
  }
  return tile;
}
