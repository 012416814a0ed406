/** How a generation went: for people, and as JSON. */
import type { Generation, GenerationStatistics } from "../generation/generation.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import type { ExpertFigures } from "./expertFigures.ts";
import { expertLines, expertsJson } from "./expertReport.ts";
import { gpuJson } from "./gpuReport.ts";
import { bytesText, threeDigits } from "./quantities.ts";
import { tableLines } from "./table.ts";
import { useMapLines } from "./useMap.ts";

/** A generation over or cut off. */
export interface FinishedRun {
  readonly model: LanguageModel;
  readonly generation: Generation;
  readonly text: string;
  /** Whether another seed could give another text. */
  readonly sampled: boolean;
  /** `[layer][expert]` */
  readonly expertUses: readonly (readonly number[])[];
  readonly experts: ExpertFigures;
}

interface RunSpeed {
  /** Tokens per second; `undefined` before there is anything to measure. */
  readonly prefill: number | undefined;
  readonly decode: number | undefined;
}

export function speedOf(statistics: GenerationStatistics): RunSpeed {
  const { promptTokens, generatedTokens, prefillMs, decodeMs, finishReason } = statistics;
  // The first token comes with the prompt; the one that ended the text took a step and is not counted.
  const steps = finishReason === "end" ? generatedTokens : generatedTokens - 1;
  return { prefill: perSecond(promptTokens, prefillMs), decode: perSecond(steps, decodeMs) };
}

/** Lines of at most 80 columns. */
export function statisticsLines(finished: FinishedRun): string[] {
  const { model, generation, sampled, expertUses, experts } = finished;
  const { statistics } = generation;
  const { promptTokens, generatedTokens, prefillMs, decodeMs, finishReason, seed } = statistics;
  const speed = speedOf(statistics);
  const times = [
    [
      "prefill",
      tokensText(promptTokens),
      prefillMs > 0 ? secondsText(prefillMs) : "cut off",
      rateText(speed.prefill),
    ],
    ["decode", tokensText(generatedTokens), secondsText(decodeMs), rateText(speed.decode)],
  ];
  const map = useMapLines(expertUses);
  const { expertCount, expertsPerToken } = model.shape;
  return [
    ...tableLines(times, [1, 2, 3]),
    `memory   ${memoryText(model)}`,
    ...expertLines(experts),
    `ended    ${endings[finishReason ?? "cut"]}${sampled ? `; --seed ${seed} repeats it` : ""}`,
    ...(map.length === 0 ? [] : ["", `expert use, ${expertsPerToken} of ${expertCount} per token`]),
    ...map,
  ];
}

/** The documented form of `sluice run --json`. */
export function runJson({ model, generation, text, expertUses, experts }: FinishedRun): object {
  const { statistics, tokens } = generation;
  const speed = speedOf(statistics);
  return {
    model: model.name,
    text,
    tokens,
    statistics: {
      ...statistics,
      prefillTokensPerSecond: speed.prefill,
      decodeTokensPerSecond: speed.decode,
    },
    memory: model.memory,
    experts: expertsJson(experts),
    gpus: experts.gpus.map(gpuJson),
    remarks: model.remarks,
    use: {
      layers: model.shape.layerCount,
      experts: model.shape.expertCount,
      counts: expertUses,
    },
  };
}

const endings = {
  end: "by the model",
  stop: "by a stop string",
  length: "by --max-tokens",
  context: "by the end of the context",
  cut: "before its time",
} as const;

function memoryText({ memory, experts, gpus }: LanguageModel): string {
  if (gpus.length > 0) {
    const { slotBytes, fixedBytes } = experts;
    const total = bytesText(slotBytes + fixedBytes);
    return `${total} of RAM: experts ${bytesText(slotBytes)}, all else ${bytesText(fixedBytes)}`;
  }
  const { hotBytes, expertBytes, keyValueBytes, workspaceBytes } = memory;
  const total = hotBytes + expertBytes + keyValueBytes + workspaceBytes;
  return (
    `${bytesText(total)}: experts ${bytesText(expertBytes)}, hot tensors ${bytesText(hotBytes)},\n` +
    `         keys and values ${bytesText(keyValueBytes)}, workspace ${bytesText(workspaceBytes)}`
  );
}

function perSecond(count: number, ms: number): number | undefined {
  return count > 0 && ms > 0 ? (count / ms) * 1000 : undefined;
}

function tokensText(count: number): string {
  return `${count} ${count === 1 ? "token" : "tokens"}`;
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function rateText(rate: number | undefined): string {
  return rate === undefined ? "" : `${threeDigits(rate)} tokens/s`;
}
