/** The same trace as if nobody had recorded the experts' weights: most policies do not ask. */
import type { TraceSource } from "./traceSource.ts";

export function withoutWeights(source: TraceSource): TraceSource {
  const { path, kind, header, remarks } = source;
  return {
    path,
    kind,
    header: { ...header, hasWeights: false },
    remarks,
    records,
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };

  async function* records(): ReturnType<TraceSource["records"]> {
    for await (const { weights: _, ...record } of source.records()) yield record;
  }
}
