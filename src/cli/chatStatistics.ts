/** How a chat goes: one line after each answer, and a few for all of it. */
import type { AnswerStatistics, Conversation } from "../generation/conversation.ts";
import type { FinishReason } from "../generation/generation.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import { expertFigures } from "./expertFigures.ts";
import { expertRows } from "./expertReport.ts";
import { type ExpertTally, type ExpertWatch, tallySince } from "./expertWatch.ts";
import { hitRateOnGpus } from "./gpuFigures.ts";
import { percentText } from "./hitRate.ts";
import { bytesText, threeDigits } from "./quantities.ts";
import { tableLines } from "./table.ts";

export interface ChatStatisticsParts {
  readonly model: LanguageModel;
  readonly conversation: Conversation;
  readonly watch: ExpertWatch;
}

/** Sums over all answers of a chat. */
export class ChatStatistics {
  readonly #model: LanguageModel;
  readonly #conversation: Conversation;
  readonly #watch: ExpertWatch;
  /** At the end of the last answer, and of the one before. */
  #tallies: readonly [before: ExpertTally, now: ExpertTally];
  #answers = 0;
  #promptTokens = 0;
  #reusedTokens = 0;
  #prefillMs = 0;
  #generatedTokens = 0;
  #decodeSteps = 0;
  #decodeMs = 0;

  constructor({ model, conversation, watch }: ChatStatisticsParts) {
    this.#model = model;
    this.#conversation = conversation;
    this.#watch = watch;
    this.#tallies = [watch.tally(), watch.tally()];
  }

  /** Counts an answer that has ended. */
  add(statistics: AnswerStatistics): void {
    this.#answers++;
    this.#tallies = [this.#tallies[1], this.#watch.tally()];
    this.#promptTokens += statistics.promptTokens;
    this.#reusedTokens += statistics.reusedTokens;
    this.#prefillMs += statistics.prefillMs;
    this.#generatedTokens += statistics.generatedTokens;
    this.#decodeSteps += decodeSteps(statistics);
    this.#decodeMs += statistics.decodeMs;
  }

  /** Of the answer added last. Fits into 80 columns unless experts are read on demand. */
  answerLine(statistics: AnswerStatistics): string {
    const { promptTokens, reusedTokens, prefillMs, generatedTokens, decodeMs } = statistics;
    const { finishReason, droppedMessages } = statistics;
    const rate = rateText(decodeSteps(statistics), decodeMs);
    const parts = [
      `${promptTokens} in, ${reusedTokens} reused, ${(prefillMs / 1000).toFixed(2)} s`,
      listText(`${generatedTokens} out`, rate),
      `context ${promptTokens + generatedTokens}/${this.#model.contextLength}`,
    ];
    const { ram, gpus } = this.#watch.held;
    if (!gpus) parts.push(this.#gpuText());
    if (!ram) parts.push(this.#expertsText());
    if (droppedMessages > 0) parts.push(`${droppedMessages} messages dropped`);
    const ending = finishReason === undefined ? "stopped" : endings[finishReason];
    if (ending !== undefined) parts.push(ending);
    return `[${parts.join("; ")}]`;
  }

  /** For /stats. */
  lines(): readonly string[] {
    const computed = this.#promptTokens - this.#reusedTokens;
    const { slotBytes, fixedBytes } = this.#model.experts;
    const { cachedTokens, messages } = this.#conversation;
    return tableLines([
      ["answers", `${this.#answers}, ${messages.length} messages in the conversation`],
      ["context", `${cachedTokens} of ${this.#model.contextLength} tokens computed and kept`],
      [
        "prompts",
        listText(
          `${this.#promptTokens} tokens, ${this.#reusedTokens} of them reused`,
          rateText(computed, this.#prefillMs),
        ),
      ],
      [
        "answered",
        listText(`${this.#generatedTokens} tokens`, rateText(this.#decodeSteps, this.#decodeMs)),
      ],
      ["memory", `${bytesText(slotBytes + fixedBytes)} of RAM`],
      ...expertRows(expertFigures(this.#model, this.#watch.tally())),
    ]);
  }

  #gpuText(): string {
    const [before, now] = this.#tallies;
    return `GPU hits ${percentText(hitRateOnGpus(tallySince(now, before).gpus))}`;
  }

  #expertsText(): string {
    const [before, now] = this.#tallies;
    const { hitRate, stallMsPerToken } = expertFigures(this.#model, tallySince(now, before));
    const waited =
      stallMsPerToken === undefined ? "" : `waited ${threeDigits(stallMsPerToken)} ms a token`;
    return listText(`hits ${percentText(hitRate.decode ?? hitRate.prefill)}`, waited);
  }
}

/** What is worth a word. */
const endings: Readonly<Partial<Record<FinishReason, string>>> = {
  length: "cut by -n",
  context: "context full",
};

/** The first token comes with the prompt; the one that ended the text took a step, uncounted. */
function decodeSteps({ finishReason, generatedTokens }: AnswerStatistics): number {
  return Math.max(finishReason === "end" ? generatedTokens : generatedTokens - 1, 0);
}

function rateText(tokens: number, ms: number): string {
  return tokens > 0 && ms > 0 ? `${threeDigits((tokens / ms) * 1000)} tokens/s` : "";
}

function listText(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}
