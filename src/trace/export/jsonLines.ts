/** Writes a trace as JSON, one object per line: what `import/jsonLines.ts` reads, nothing left out. */
import { headerRecord } from "../headerRecord.ts";
import { jsonFormat, jsonVersion } from "../import/jsonLines.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import type { TraceSource } from "../traceSource.ts";
import { floatText } from "./floatText.ts";
import { TextPieces } from "./textPieces.ts";

/** The text in pieces of some 64 KiB. */
export async function* jsonLinesText(source: TraceSource): AsyncGenerator<string, void, undefined> {
  const { header } = source;
  const pieces = new TextPieces();
  pieces.add(JSON.stringify({ format: jsonFormat, version: jsonVersion, ...headerRecord(header) }));
  for await (const record of source.records()) {
    pieces.add(lineOf(record, header));
    if (pieces.isFull) yield pieces.take();
  }
  yield pieces.take();
}

/** By hand, because `JSON.stringify` writes 32-bit floats with 17 digits. */
function lineOf(record: TraceRecord, { expertsPerToken, expertsPerLayer }: TraceHeader): string {
  const { sequence, phase, position, layer, experts, weights, logits, lookahead } = record;
  const fields = [
    `"sequence":${sequence}`,
    `"phase":"${phase}"`,
    `"position":${position}`,
    `"layer":${layer}`,
    `"experts":${rowsText(experts, expertsPerToken)}`,
    ...(weights ? [`"weights":${rowsText(weights, expertsPerToken)}`] : []),
    ...(logits ? [`"logits":${rowsText(logits, expertsPerLayer)}`] : []),
    ...(lookahead ? [`"lookahead":${rowText(lookahead)}`] : []),
  ];
  return `{${fields.join(",")}}`;
}

function rowsText(values: Uint16Array | Float32Array, width: number): string {
  const rows: string[] = [];
  for (let begin = 0; begin < values.length; begin += width) {
    rows.push(rowText(values.subarray(begin, begin + width)));
  }
  return `[${rows.join(",")}]`;
}

function rowText(values: Uint16Array | Float32Array): string {
  if (values instanceof Uint16Array) return `[${values.join(",")}]`;
  const numbers = Array.from(values, (value) =>
    Number.isFinite(value) ? floatText(value) : "null",
  );
  return `[${numbers.join(",")}]`;
}
