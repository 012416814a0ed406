/** What GPUs came to over a stretch of work, and what they leave to RAM. */
import type { ExpertLayer } from "../experts/experts.ts";
import type { ExpertReport } from "../generation/expertTier.ts";
import type { GpuReport } from "../generation/gpuReport.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import { addCounts, type CacheCounts, noCounts, type Phase } from "../policy/cache/cacheCounts.ts";
import { hitRateOf, phaseToTell } from "./hitRate.ts";

/** Numbers of one GPU that only grow while a model works. */
export interface GpuTally {
  readonly counts: Readonly<Record<Phase, CacheCounts>>;
  /** Bytes of experts sent to it. */
  readonly uploadedBytes: number;
}

export interface GpuFigures {
  readonly report: GpuReport;
  readonly tally: GpuTally;
}

export function gpuTallies({ gpus }: LanguageModel): readonly GpuTally[] {
  return gpus.map(({ counts, uploadedBytes }) => ({ counts, uploadedBytes }));
}

/** Every expert of the layers that GPUs compute has a slot there. */
export function gpusHoldAll({ gpus }: LanguageModel): boolean {
  return gpus.every(({ slots, experts }) => slots >= experts);
}

/** Of all GPUs together, in decode once that has begun. */
export function hitRateOnGpus(gpus: readonly GpuTally[]): number | undefined {
  const sumOf = (phase: Phase) =>
    gpus.reduce((sum, { counts }) => addCounts(sum, counts[phase]), noCounts());
  const counts = { prefill: sumOf("prefill"), decode: sumOf("decode") };
  return hitRateOf(counts[phaseToTell(counts)]);
}

/**
 * Layers whose experts RAM is asked for: not those of a GPU on which each expert of its layers has a
 * slot.
 */
export function layersInRam({ expertLayers, gpus }: LanguageModel): readonly ExpertLayer[] {
  const elsewhere = gpus.flatMap(({ layers, slots }) => {
    const own = expertLayers.filter(({ layer }) => layers.includes(layer));
    return slots >= expertsOf(own) ? own : [];
  });
  return expertLayers.filter((layer) => !elsewhere.includes(layer));
}

/** The report on RAM, about the experts that RAM is asked for. */
export function ramReport(model: LanguageModel): ExpertReport {
  const report = model.experts;
  if (model.gpus.length === 0) return report;
  const layers = layersInRam(model);
  const experts = expertsOf(layers);
  return {
    ...report,
    experts,
    slots: Math.min(report.slots, experts),
    tokenCycleSlots: layers.length * model.shape.expertsPerToken,
  };
}

function expertsOf(layers: readonly ExpertLayer[]): number {
  return layers.reduce((sum, { expertCount }) => sum + expertCount, 0);
}
