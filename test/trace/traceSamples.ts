/** Ways to have a trace in a test. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BadTraceError } from "../../src/support/errors.ts";
import {
  type OpenTraceOptions,
  openTrace,
  type TraceHeader,
  type TraceRecord,
  TraceWriter,
  type TraceWriterOptions,
} from "../../src/trace/index.ts";
import type { SomeTrace } from "./anyTrace.ts";

/** A real trace: gpt-oss-120b, one prompt and 64 tokens. */
export const gptOss: string = fixture("gptoss.route.csv.gz");
/** A real trace: Qwen3-30B-A3B, one prompt and 128 tokens. */
export const qwen: string = fixture("qwen.route.csv.zst");

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/traces/${name}`, import.meta.url));
}

export const smallHeader: TraceHeader = {
  model: "small",
  architecture: "none",
  layerCount: 2,
  expertsPerLayer: 8,
  expertsPerToken: 2,
  expertBytes: [1000, 2000],
  origin: "a test",
  hasWeights: true,
  hasLogits: false,
};

/** A decode step in one layer. */
export function smallRecord(position: number, layer: number): TraceRecord {
  const experts = Uint16Array.of((position + layer) % 8, (position + layer + 3) % 8);
  const weights = Float32Array.of(0.75, 0.25);
  return { sequence: 0, phase: "decode", position, layer, tokens: 1, experts, weights };
}

/** `steps` decode steps through both layers. */
export function smallTrace(steps: number): SomeTrace {
  const records = Array.from({ length: 2 * steps }, (_, index) =>
    smallRecord(Math.floor(index / 2), index % 2),
  );
  return { header: smallHeader, records };
}

export function writeTrace(
  path: string,
  { header, records }: SomeTrace,
  options?: TraceWriterOptions,
): void {
  using writer = new TraceWriter(path, header, options);
  for (const record of records) writer.add(record);
}

const everything = { weights: true, logits: true, lookahead: true };

/** All that a file holds. */
export async function readTrace(path: string, options: OpenTraceOptions = {}): Promise<SomeTrace> {
  const trace = await openTrace(path, { ...everything, ...options });
  return { header: trace.header, records: [...trace] };
}

/** Writes a file and tells its name. */
export function fileWith(path: string, content: string | Uint8Array): string {
  writeFileSync(path, content);
  return path;
}

/** The error of reading that must fail because of the file. Anything else is rethrown. */
export async function badTraceOf(reading: Promise<unknown>): Promise<BadTraceError> {
  const outcome = await reading.then(
    () => new Error("the file was read"),
    (error: unknown) => error,
  );
  if (outcome instanceof BadTraceError) return outcome;
  throw outcome;
}
