/** The line that goes above every table of numbers: where they were measured. */
import { availableParallelism, cpus, totalmem } from "node:os";

export function machineLine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown CPU";
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} threads, ${memory} GiB, Node ${process.version}, V8 ${process.versions.v8}`;
}
