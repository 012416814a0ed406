/** Attention's own steps: rotation, what the cache remembers, and the attention of a head. */
import { headRowBytes, type KeyValueFormat, keyValueFormats } from "../../keyValueCache.ts";
import type { ThreadArena } from "../threadArena.ts";
import { storageOf } from "../wasmKernels.ts";
import { defineJob, type JobKind, type Parameters } from "./job.ts";

const rotation = {
  x: "address",
  angles: "address",
  headSize: "integer",
  rotarySize: "integer",
  heads: "integer",
  /** 1 where halves of a head form the pairs, 0 where neighbours do. */
  neox: "integer",
} as const;

/** The items are tokens; in place, in the hub. */
export const rotate: JobKind<Parameters<typeof rotation>> = defineJob(
  rotation,
  (job, { hub, begin, end }) => {
    const { headSize, rotarySize, heads } = job;
    const turn = job.neox === 1 ? hub.kernels.rotateNeox : hub.kernels.rotateNorm;
    const x = job.x + begin * heads * headSize * 4;
    turn(x, job.angles + begin * rotarySize * 4, headSize, rotarySize, heads, end - begin);
  },
);

const remembered = {
  /** f32 `[tokens, heads, size]` in the hub. */
  source: "address",
  /** `[heads, capacity, size]` in the job's arena. */
  cache: "address",
  /** Index in `keyValueFormats`. */
  format: "integer",
  heads: "integer",
  size: "integer",
  capacity: "integer",
  /** Position of the first token. */
  first: "integer",
} as const;

/** The items are tokens. */
export const remember: JobKind<Parameters<typeof remembered>> = defineJob(
  remembered,
  (job, { arena, hub, scratch, begin, end }) => {
    const { source, cache, heads, size, capacity, first } = job;
    const format = formatOf(job.format);
    const rowBytes = headRowBytes(size, format);
    for (let token = begin; token < end; token++) {
      for (let head = 0; head < heads; head++) {
        const row = source + (token * heads + head) * size * 4;
        const place = cache + (head * capacity + first + token) * rowBytes;
        if (format === "f32") copyFloats(hub, row, arena, place, size);
        else store(format, hub, row, arena, place, size, scratch);
      }
    }
  },
);

/** A kernel reads and writes one memory, so a row goes to another arena by the scratch there. */
function store(
  format: "f16" | "q8_0",
  hub: ThreadArena,
  row: number,
  arena: ThreadArena,
  place: number,
  size: number,
  scratch: number,
): void {
  const isThere = arena === hub;
  if (!isThere) copyFloats(hub, row, arena, scratch, size);
  const source = isThere ? row : scratch;
  if (format === "f16") arena.kernels.storeHalf(source, place, size);
  else arena.kernels.storeQ8_0(source, place, size);
}

/** Queries that meet keys and values together, at most: each row is widened once for all of them. */
const queriesAtOnce = 8;

/** Positions that the kernel widens at once. */
const tilePositions = 16;

/**
 * Scratch that `attend` takes of a thread, in f32.
 *
 * @param headValues of a key and a value together
 */
export function attentionScratch(headValues: number, contextLength: number): number {
  return queriesAtOnce * (headValues + 2 + contextLength) + tilePositions * headValues;
}

const attention = {
  /** f32 `[tokens, heads, headSize]` in the hub. */
  queries: "address",
  /** f32 `[tokens, heads, valueSize]` in the hub. */
  output: "address",
  /** `[keyValueHeads, capacity, headSize]` in the job's arena. */
  keys: "address",
  /** `[keyValueHeads, capacity, valueSize]` in the job's arena. */
  values: "address",
  /** Index in `keyValueFormats`. */
  format: "integer",
  tokens: "integer",
  heads: "integer",
  headsPerKeyValueHead: "integer",
  /** `headSize | valueSize << 16`. */
  sizes: "integer",
  capacity: "integer",
  /** Position of the first token. */
  first: "integer",
  scale: "float",
} as const;

/**
 * The items are queries in the order (key-value head, token, head of the group), so that neighbours
 * share keys and values. Queries and results pass through this thread's scratch in the cache's arena.
 */
export const attend: JobKind<Parameters<typeof attention>> = defineJob(attention, (job, chunk) => {
  const { arena, hub, scratch, begin, end } = chunk;
  const { queries, output, keys, values, tokens, heads, capacity, first, scale } = job;
  const group = job.headsPerKeyValueHead;
  const format = formatOf(job.format);
  const headSize = job.sizes & 0xffff;
  const valueSize = job.sizes >>> 16;
  const keyBytes = capacity * headRowBytes(headSize, format);
  const valueBytes = capacity * headRowBytes(valueSize, format);
  const windows = scratch + queriesAtOnce * headSize * 4;
  const results = windows + queriesAtOnce * 8;
  const rest = results + queriesAtOnce * valueSize * 4;
  const itemsPerHead = tokens * group;
  for (let item = begin; item < end; ) {
    const keyValueHead = Math.floor(item / itemsPerHead);
    const count = Math.min(queriesAtOnce, end - item, (keyValueHead + 1) * itemsPerHead - item);
    for (let query = 0; query < count; query++) {
      const row = rowOf(item + query, itemsPerHead, group, heads);
      const place = scratch + query * headSize * 4;
      copyFloats(hub, queries + row * headSize * 4, arena, place, headSize);
      arena.words[windows / 4 + 2 * query] = 0;
      arena.words[windows / 4 + 2 * query + 1] = first + Math.floor(row / heads) + 1;
    }
    arena.kernels.attend(
      storageOf[format],
      count,
      scratch,
      windows,
      keys + keyValueHead * keyBytes,
      values + keyValueHead * valueBytes,
      results,
      headSize,
      valueSize,
      scale,
      rest,
      first + tokens,
    );
    for (let query = 0; query < count; query++) {
      const row = rowOf(item + query, itemsPerHead, group, heads);
      const place = results + query * valueSize * 4;
      copyFloats(arena, place, hub, output + row * valueSize * 4, valueSize);
    }
    item += count;
  }
});

/** Which of the rows `[tokens, heads]` an item is. */
function rowOf(item: number, itemsPerHead: number, group: number, heads: number): number {
  const keyValueHead = Math.floor(item / itemsPerHead);
  const within = item - keyValueHead * itemsPerHead;
  const token = Math.floor(within / group);
  return token * heads + keyValueHead * group + (within - token * group);
}

function formatOf(index: number): KeyValueFormat {
  const format = keyValueFormats[index];
  if (format === undefined) throw new Error(`keys and values have no format ${index}`);
  return format;
}

/** `count` f32 from one arena to another; views for so few would cost more. */
function copyFloats(
  source: ThreadArena,
  from: number,
  target: ThreadArena,
  to: number,
  count: number,
): void {
  const begin = from / 4;
  const place = to / 4;
  for (let i = 0; i < count; i++) target.floats[place + i] = source.floats[begin + i] as number;
}
