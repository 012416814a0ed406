/**
 * Writes a trace as "route_trace v1", the CSV that `import/routeTraceCsv.ts` reads and describes. It
 * has no place for logits and lookahead, nor for where one pass ends and the next begins. Nothing was
 * cached, says the column `residency`: each line counts the bytes of its expert as read.
 */
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import type { TraceSource } from "../traceSource.ts";
import { floatText } from "./floatText.ts";
import { TextPieces } from "./textPieces.ts";

/** The text in pieces of some 64 KiB. */
export async function* routeTraceText(
  source: TraceSource,
): AsyncGenerator<string, void, undefined> {
  const { header } = source;
  const pieces = new TextPieces();
  for (const line of headLines(header)) pieces.add(line);
  for await (const record of source.records()) {
    addRows(pieces, record, header);
    if (pieces.isFull) yield pieces.take();
  }
  yield pieces.take();
}

function headLines(header: TraceHeader): string[] {
  const { model, architecture, layerCount, expertsPerLayer, expertsPerToken, expertBytes } = header;
  const shape = `n_layer=${layerCount} n_expert=${expertsPerLayer} n_expert_used=${expertsPerToken}`;
  return [
    "# route_trace v1",
    `# model=${oneLine(model)} arch=${oneLine(architecture).replaceAll(" ", "-")} ${shape}`,
    ...expertBytes.map((bytes, layer) => `# layer=${layer} expert_bytes=${bytes} dense_bytes=0`),
    "turn,phase,step,layer,slot,expert,weight,residency,expert_bytes",
  ];
}

function addRows(pieces: TextPieces, record: TraceRecord, header: TraceHeader): void {
  const { sequence, position, layer, tokens, experts, weights } = record;
  const { expertsPerToken } = header;
  const phase = record.phase === "prefill" ? 0 : 1;
  const bytes = header.expertBytes[layer] ?? 0;
  for (let token = 0; token < tokens; token++) {
    for (let slot = 0; slot < expertsPerToken; slot++) {
      const at = token * expertsPerToken + slot;
      const weight = weights?.[at] ?? Number.NaN;
      const weightText = Number.isFinite(weight) ? floatText(weight) : "nan";
      pieces.add(
        `${sequence},${phase},${position + token},${layer},${slot},${experts[at]},${weightText},0,${bytes}`,
      );
    }
  }
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
