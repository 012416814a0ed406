/**
 * Reads a trace as JSON, one object per line: the header, then a record per line. The format is
 * ours and described in docs/traces.md:
 *
 *     {"format":"sluice-trace","version":1,"model":"tiny","architecture":"qwen3moe",…}
 *     {"sequence":0,"phase":"decode","position":7,"layer":0,"experts":[[3,1]],"weights":[[0.7,0.3]]}
 */
import { quoted } from "../../support/quoted.ts";
import { parseHeader } from "../headerRecord.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import { type TraceContent, TraceDamage } from "../traceSource.ts";
import type { ByteReader, Line } from "./byteReader.ts";

export const jsonFormat = "sluice-trace";
export const jsonVersion = 1;

/** @throws TraceDamage if the first line is not a header of ours */
export async function readJsonLines(reader: ByteReader): Promise<TraceContent> {
  const lines = reader.lines();
  const { value: first } = await lines.next();
  if (first === undefined) throw new TraceDamage("the file is empty");
  const record = parseLine(first);
  if (record["format"] !== jsonFormat) {
    const mark = `{"format":"${jsonFormat}","version":${jsonVersion},…}`;
    throw new TraceDamage(`the first line of a JSONL trace must be ${mark}; see docs/traces.md`, 0);
  }
  if (record["version"] !== jsonVersion) {
    const found = quoted(String(JSON.stringify(record["version"])));
    throw new TraceDamage(`version ${found} is not known here; this reads ${jsonVersion}`, 0);
  }
  const header = parseHeader(record);
  return { kind: "jsonl", header, records: recordsOf(lines, header), remarks: [] };
}

async function* recordsOf(
  lines: AsyncIterable<Line>,
  header: TraceHeader,
): AsyncGenerator<TraceRecord, void, undefined> {
  for await (const line of lines) {
    if (line.text.trim() === "") continue;
    try {
      yield recordOf(parseLine(line), header);
    } catch (error) {
      if (!(error instanceof TraceDamage)) throw error;
      throw new TraceDamage(`line ${line.number}: ${error.message}`, line.offset);
    }
  }
}

function parseLine({ text }: Line): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TraceDamage("it is not JSON", undefined, { cause });
  }
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new TraceDamage("it is no JSON object");
}

function recordOf(line: Record<string, unknown>, header: TraceHeader): TraceRecord {
  const { sequence, phase, position, layer, experts, weights, logits, lookahead } = line;
  if (phase !== "prefill" && phase !== "decode") {
    throw new TraceDamage(`"phase" must be "prefill" or "decode"`);
  }
  if (!Array.isArray(experts)) throw new TraceDamage(`"experts" must be a list, one per token`);
  const { expertsPerToken, expertsPerLayer } = header;
  const ids = matrix(experts, "experts", experts.length, expertsPerToken);
  if (!ids.every((id) => Number.isInteger(id) && id >= 0 && id < expertsPerLayer)) {
    throw new TraceDamage(`"experts" must be whole numbers below ${expertsPerLayer}`);
  }
  const floats = (value: unknown, name: string, width: number) =>
    Float32Array.from(matrix(value, name, experts.length, width));
  return {
    sequence: number(sequence, "sequence"),
    phase,
    position: number(position, "position"),
    layer: number(layer, "layer"),
    tokens: experts.length,
    experts: Uint16Array.from(ids),
    ...(weights !== undefined && { weights: floats(weights, "weights", expertsPerToken) }),
    ...(logits !== undefined && { logits: floats(logits, "logits", expertsPerLayer) }),
    ...(lookahead !== undefined && {
      lookahead: Float32Array.from(row(lookahead, "lookahead", expertsPerLayer)),
    }),
  };
}

function number(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  throw new TraceDamage(`"${name}" must be a number`);
}

/** `[rows][width]`, flat. */
function matrix(value: unknown, name: string, rows: number, width: number): number[] {
  if (!Array.isArray(value) || value.length !== rows) {
    throw new TraceDamage(`"${name}" must be a list of ${rows}, one per token`);
  }
  return value.flatMap((entry) => row(entry, name, width));
}

/** JSON has no word for a number that is none; null stands for it. */
function row(value: unknown, name: string, width: number): number[] {
  if (!Array.isArray(value) || value.length !== width) {
    throw new TraceDamage(`"${name}" must have ${width} numbers per token`);
  }
  return value.map((entry: unknown) => (entry === null ? Number.NaN : number(entry, name)));
}
