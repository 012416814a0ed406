/** Rows of a weight matrix times a batch of activations: by a kernel, or decoded row by row. */
import { formatList, type ThreadArena } from "../threadArena.ts";
import { defineJob, type JobKind, type Parameters } from "./job.ts";

const product = {
  /** Index in `formatList`. */
  format: "integer",
  matrix: "address",
  /** Encoded rows, one after another. */
  activations: "address",
  /** f32 `[tokens, outputStride]`. */
  output: "address",
  columns: "integer",
  tokens: "integer",
  outputStride: "integer",
  /** Where in the hub the results go as well; 0 when the job runs there. */
  hubOutput: "address",
  /** In the hub, f32 `[outputStride]` that every token's results are added to; 0 for none. */
  bias: "address",
} as const;

type ProductJob = Parameters<typeof product>;

/** Kernels read up to four rows side by side, and prefetch best over longer stretches. */
const granule = 16;

/** The items are rows. Matrix, activations and output lie in the job's arena. */
export const matvec: JobKind<ProductJob> = defineJob(
  product,
  (job, { arena, hub, scratch, begin, end }) => {
    const { format, matrix, activations, output, columns, tokens, outputStride } = job;
    const kernel = arena.matvecs[format];
    if (kernel === undefined) throw new Error(`no kernel for ${formatList[format]?.name}`);
    kernel(matrix, activations, output, columns, begin, end, tokens, outputStride, scratch);
    const { hubOutput, bias } = job;
    if (hubOutput !== 0) {
      for (let token = 0; token < tokens; token++) {
        const from = output / 4 + token * outputStride;
        const to = hubOutput / 4 + token * outputStride;
        hub.floats.set(arena.floats.subarray(from + begin, from + end), to + begin);
      }
    }
    if (bias !== 0) addBias(hub, hubOutput === 0 ? output : hubOutput, job, begin, end);
  },
  { granule },
);

/** The items are rows. The matrix lies in the job's arena, activations (f32) and output in the hub. */
export const decodedMatvec: JobKind<ProductJob> = defineJob(
  product,
  (job, { arena, hub, scratch, begin, end }) => {
    const { matrix, activations, output, columns, tokens, outputStride, bias } = job;
    const format = formatList[job.format];
    if (format === undefined) throw new Error(`no format has the number ${job.format}`);
    const rowBytes = (columns / format.blockElements) * format.blockBytes;
    const decoded = hub.floats.subarray(scratch / 4, scratch / 4 + columns);
    for (let row = begin; row < end; row++) {
      const start = matrix + row * rowBytes;
      format.dequantise(arena.bytes.subarray(start, start + rowBytes), decoded);
      hub.kernels.matvecF32(
        scratch,
        activations,
        output + row * 4,
        columns,
        0,
        1,
        tokens,
        outputStride,
        scratch, // which this kernel does not use: the decoded row is there
      );
    }
    if (bias !== 0) addBias(hub, output, job, begin, end);
  },
  { granule },
);

/** Adds the bias to rows `[begin, end)` of the results at `output` in the hub. */
function addBias(
  { floats }: ThreadArena,
  output: number,
  { tokens, outputStride, bias }: ProductJob,
  begin: number,
  end: number,
): void {
  for (let token = 0; token < tokens; token++) {
    for (let row = begin; row < end; row++) {
      const at = output / 4 + token * outputStride + row;
      floats[at] = (floats[at] as number) + (floats[bias / 4 + row] as number);
    }
  }
}
