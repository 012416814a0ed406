/** A trace's header as plain JSON, as `.trace` files and JSONL keep it. */
import { quoted } from "../support/quoted.ts";
import type { TraceHeader } from "./traceHeader.ts";
import { TraceDamage } from "./traceSource.ts";

/** The header's fields and no others, so that a caller's extra properties stay out of files. */
export function headerRecord(header: TraceHeader): TraceHeader {
  const { model, architecture, layerCount, expertsPerLayer, expertsPerToken } = header;
  const { expertBytes, origin, hasWeights, hasLogits } = header;
  return {
    model,
    architecture,
    layerCount,
    expertsPerLayer,
    expertsPerToken,
    expertBytes: [...expertBytes],
    origin,
    hasWeights,
    hasLogits,
  };
}

/**
 * Types are checked here, values by `headerFault`. Unknown fields are left out: a later version may
 * add some.
 *
 * @throws TraceDamage naming the first field that is wrong
 */
export function parseHeader(value: unknown): TraceHeader {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TraceDamage("the header is no JSON object");
  }
  const record = value as Record<string, unknown>;
  const bytes = record["expertBytes"];
  if (!Array.isArray(bytes) || !bytes.every((entry) => typeof entry === "number")) {
    throw fieldDamage("expertBytes", "a list of numbers", bytes);
  }
  return {
    model: text(record, "model"),
    architecture: text(record, "architecture"),
    layerCount: number(record, "layerCount"),
    expertsPerLayer: number(record, "expertsPerLayer"),
    expertsPerToken: number(record, "expertsPerToken"),
    expertBytes: bytes,
    origin: text(record, "origin"),
    hasWeights: truth(record, "hasWeights"),
    hasLogits: truth(record, "hasLogits"),
  };
}

function text(record: Record<string, unknown>, name: string): string {
  const value = record[name];
  if (typeof value === "string") return value;
  throw fieldDamage(name, "a text", value);
}

function number(record: Record<string, unknown>, name: string): number {
  const value = record[name];
  if (typeof value === "number") return value;
  throw fieldDamage(name, "a number", value);
}

function truth(record: Record<string, unknown>, name: string): boolean {
  const value = record[name];
  if (typeof value === "boolean") return value;
  throw fieldDamage(name, "true or false", value);
}

function fieldDamage(name: string, expected: string, found: unknown): TraceDamage {
  const shown = found === undefined ? "absent" : quoted(JSON.stringify(found));
  return new TraceDamage(`header: "${name}" must be ${expected}, not ${shown}`);
}
