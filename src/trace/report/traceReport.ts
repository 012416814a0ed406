/** Everything that a report says, as numbers: what the trace is like, and what policies make of it. */

import type { RoutingTrace } from "../routingTrace.ts";
import type { Accounting } from "../simulation/accounting.ts";
import { type CompareRun, compareTrace } from "../simulation/compareTrace.ts";
import { type MissCurve, missCurves, reportPolicies, reportSlots } from "./missCurves.ts";
import { analyseTrace, type TraceAnalysis } from "./traceAnalysis.ts";

export interface TraceReportOptions {
  /** Specs of the policies whose misses are drawn. @default `reportPolicies` */
  readonly policies?: readonly string[];
  /** Cache sizes. @default multiples of the token cycle */
  readonly slots?: readonly number[];
  /** How accesses are counted. @default "batch" */
  readonly accounting?: Accounting;
}

export interface TraceReport {
  readonly analysis: TraceAnalysis;
  /** Without any there is no chart of misses. */
  readonly curves: readonly MissCurve[];
  readonly accounting: Accounting;
}

/** @throws as `compareTrace` does */
export async function reportOnTrace(
  trace: RoutingTrace,
  options: TraceReportOptions = {},
  run: CompareRun = {},
): Promise<TraceReport> {
  const { policies = reportPolicies, accounting = "batch" } = options;
  const slots = options.slots ?? reportSlots(trace.header);
  const capacities = slots.map((count) => ({ slots: count }));
  const rows = await compareTrace(trace, { policies, capacities, accounting }, run);
  const analysis = analyseTrace(trace);
  return { analysis, curves: missCurves(rows, analysis.phase), accounting };
}

/** The report as plain JSON: the numbers of every figure but the heat maps. */
export function reportJson({ analysis, curves, accounting }: TraceReport): object {
  const { header, tokens, sequences, tokenCycle, cliff, phase, skew, layerSkew } = analysis;
  const { model, architecture, layerCount, expertsPerLayer, expertsPerToken, origin } = header;
  const { inTokens, inExperts } = analysis.reuse;
  const histogram = ({ counts, firstUses, uses }: typeof inTokens) => {
    const longest = counts.findLastIndex((count) => count > 0);
    return { counts: [...counts.subarray(0, longest + 1)], firstUses, uses };
  };
  return {
    ...{ model, architecture, origin, layerCount, expertsPerLayer, expertsPerToken },
    ...{ tokens, sequences, tokenCycle, cliff, phase, accounting, curves },
    ...{ skew, layerSkew },
    reuse: { inTokens: histogram(inTokens), inExperts: histogram(inExperts) },
    excerptTokens: analysis.excerptTokens,
    segments: analysis.segments,
    predictors: analysis.predictors,
  };
}
