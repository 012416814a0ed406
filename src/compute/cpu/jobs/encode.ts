/** f32 rows into the blocks or rounded values that a weight format wants. In the hub. */
import { encodingNames, encodings, runEncoding } from "../encodings.ts";
import { defineJob, type JobKind, type Parameters } from "./job.ts";

const parameters = {
  /** Index in `encodingNames`. */
  encoding: "integer",
  source: "address",
  output: "address",
  columns: "integer",
} as const;

/** The items are tokens. */
export const encode: JobKind<Parameters<typeof parameters>> = defineJob(
  parameters,
  (job, { hub, begin, end }) => {
    const name = encodingNames[job.encoding];
    if (name === undefined) throw new Error(`no encoding has the number ${job.encoding}`);
    const source = job.source + begin * job.columns * 4;
    const output = job.output + begin * encodings[name].rowBytes(job.columns);
    runEncoding(hub.kernels, name, source, output, job.columns, end - begin);
  },
);
