/** Norms, activations and the weighted sum of experts: work on rows of f32 in the hub. */
import { defineJob, type JobKind, type Parameters } from "./job.ts";

const normed = {
  source: "address",
  gain: "address",
  output: "address",
  width: "integer",
  /** Parts of a row that are normalised by themselves, each of `width` values. */
  parts: "integer",
  epsilon: "float",
} as const;

/** The items are rows. */
export const rmsNorm: JobKind<Parameters<typeof normed>> = defineJob(
  normed,
  (job, { hub, begin, end }) => {
    const { source, gain, output, width, parts, epsilon } = job;
    const offset = begin * parts * width * 4;
    const count = (end - begin) * parts;
    hub.kernels.rmsNorm(source + offset, gain, output + offset, width, count, epsilon);
  },
);

const gated = { gate: "address", up: "address", output: "address", width: "integer" } as const;

/** The items are rows of `width` values. */
export const swiglu: JobKind<Parameters<typeof gated>> = defineJob(
  gated,
  (job, { hub, begin, end }) => {
    const { gate, up, output, width } = job;
    const offset = begin * width * 4;
    hub.kernels.swiglu(gate + offset, up + offset, output + offset, (end - begin) * width);
  },
);

const added = { x: "address", y: "address", width: "integer" } as const;

/** The items are rows of `width` values; `y` is added to `x` in place. */
export const add: JobKind<Parameters<typeof added>> = defineJob(
  added,
  (job, { hub, begin, end }) => {
    const { x, y, width } = job;
    const offset = begin * width * 4;
    hub.kernels.add(x + offset, y + offset, x + offset, (end - begin) * width);
  },
);

const mixed = {
  /** u32 `[tokens, k]`: the address of each chosen expert's output row. */
  rows: "address",
  /** f32 `[tokens, k]`. */
  weights: "address",
  output: "address",
  width: "integer",
  k: "integer",
} as const;

/** The items are tokens. Experts are added in list order, each product rounded to f32 first. */
export const mix: JobKind<Parameters<typeof mixed>> = defineJob(
  mixed,
  (job, { hub, begin, end }) => {
    const { rows, weights, output, width, k } = job;
    for (let token = begin; token < end; token++) {
      const sum = output + token * width * 4;
      hub.floats.fill(0, sum / 4, sum / 4 + width);
      for (let pair = token * k; pair < (token + 1) * k; pair++) {
        const row = hub.words[rows / 4 + pair] as number;
        hub.kernels.addScaled(row, hub.floats[weights / 4 + pair] as number, sum, width);
      }
    }
  },
);
