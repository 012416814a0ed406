/** Attention's own steps: rotation, what the cache remembers, and the attention of a head. */
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
  /** 1 for f16, 0 for f32. */
  half: "integer",
  heads: "integer",
  size: "integer",
  capacity: "integer",
  /** Position of the first token. */
  first: "integer",
} as const;

/** The items are tokens. */
export const remember: JobKind<Parameters<typeof remembered>> = defineJob(
  remembered,
  (job, chunk) => {
    const { source, cache, half, heads, size, capacity, first } = job;
    const { arena, hub, scratch, begin, end } = chunk;
    const rowBytes = size * (half === 1 ? 2 : 4);
    for (let token = begin; token < end; token++) {
      for (let head = 0; head < heads; head++) {
        const from = source / 4 + (token * heads + head) * size;
        const to = cache + (head * capacity + first + token) * rowBytes;
        const row = hub.floats.subarray(from, from + size);
        if (half === 1) {
          // A kernel reads and writes one memory, so the row goes by the scratch of the cache's arena.
          arena.floats.set(row, scratch / 4);
          arena.kernels.storeHalf(scratch, to, size);
        } else {
          arena.floats.set(row, to / 4);
        }
      }
    }
  },
);

const attention = {
  /** f32 `[tokens, heads, headSize]` in the hub. */
  queries: "address",
  /** f32 `[tokens, heads, valueSize]` in the hub. */
  output: "address",
  /** `[keyValueHeads, capacity, headSize]` in the job's arena. */
  keys: "address",
  /** `[keyValueHeads, capacity, valueSize]` in the job's arena. */
  values: "address",
  half: "integer",
  heads: "integer",
  headsPerKeyValueHead: "integer",
  /** `headSize | valueSize << 16`. */
  sizes: "integer",
  capacity: "integer",
  /** Position of the first token. */
  first: "integer",
  scale: "float",
} as const;

/** The items are (token, head). */
export const attend: JobKind<Parameters<typeof attention>> = defineJob(attention, (job, chunk) => {
  const { arena, hub, scratch, begin, end } = chunk;
  const headSize = job.sizes & 0xffff;
  const valueSize = job.sizes >>> 16;
  const half = job.half === 1;
  const keyBytes = headSize * (half ? 2 : 4);
  const valueBytes = valueSize * (half ? 2 : 4);
  const attendHead = half ? arena.kernels.attendF16 : arena.kernels.attendF32;
  // The query and the result pass through this thread's scratch in the cache's arena.
  const output = scratch + headSize * 4;
  const scores = output + valueSize * 4;
  for (let item = begin; item < end; item++) {
    const positions = job.first + Math.floor(item / job.heads) + 1;
    const keyValueHead = Math.floor((item % job.heads) / job.headsPerKeyValueHead);
    const keys = job.keys + keyValueHead * job.capacity * keyBytes;
    const values = job.values + keyValueHead * job.capacity * valueBytes;
    const from = job.queries / 4 + item * headSize;
    arena.floats.set(hub.floats.subarray(from, from + headSize), scratch / 4);
    attendHead(
      scratch,
      keys,
      values,
      scores,
      output,
      headSize,
      valueSize,
      0,
      positions,
      keyBytes,
      valueBytes,
      job.scale,
    );
    const result = arena.floats.subarray(output / 4, output / 4 + valueSize);
    hub.floats.set(result, job.output / 4 + item * valueSize);
  }
});
