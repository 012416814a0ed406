/**
 * A line that tells how a run is going while it goes on. On a terminal it stands below the text that
 * is being written and moves along with it; into a file or a pipe a line is written every second.
 */
import type { AllHeld, ExpertTally } from "./expertWatch.ts";
import { hitRateOnGpus } from "./gpuFigures.ts";
import { hitRateOf, percentText, phaseToTell } from "./hitRate.ts";
import { bytesText, threeDigits } from "./quantities.ts";
import { note } from "./terminal.ts";

const updateMs = { terminal: 100, elsewhere: 1000 } as const;

const codes = {
  /** Makes sure that there is a line below: a step down, which scrolls at the end, and one up. */
  lineBelow: "\x1bD\x1b[A",
  save: "\x1b7",
  restore: "\x1b8",
  down: "\x1b[B",
  emptyLine: "\r\x1b[2K",
} as const;

export class LiveLine implements Disposable {
  readonly #text: () => string;
  readonly #isOnTerminal = process.stderr.isTTY;
  readonly #timer: NodeJS.Timeout;
  #shown = "";
  #nextMs = 0;

  constructor(text: () => string) {
    this.#text = text;
    const every = this.#isOnTerminal ? updateMs.terminal : updateMs.elsewhere;
    this.#timer = setInterval(() => this.update(), every).unref();
    this.#nextMs = performance.now() + every;
  }

  /** Shows the text as it is now, if what is shown is old. Timers come late while a model computes. */
  update(): void {
    const now = performance.now();
    if (now < this.#nextMs) return;
    this.#nextMs = now + (this.#isOnTerminal ? updateMs.terminal : updateMs.elsewhere);
    const text = this.#text();
    if (!this.#isOnTerminal) {
      if (text !== this.#shown) note(text);
      this.#shown = text;
      return;
    }
    const { lineBelow, save, down, emptyLine, restore } = codes;
    // A line that wraps would not be wiped away whole.
    this.#shown = text.slice(0, (process.stderr.columns || 80) - 1);
    process.stderr.write(`${lineBelow}${save}${down}${emptyLine}${this.#shown}${restore}`);
  }

  /** Clears the way for what is about to be written; the next update shows the line again. */
  hide(): void {
    if (!this.#isOnTerminal || this.#shown === "") return;
    const { save, down, emptyLine, restore } = codes;
    process.stderr.write(`${save}${down}${emptyLine}${restore}`);
    this.#shown = "";
    this.#nextMs = 0;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.hide();
  }
}

/** What a live line says: speed, and what the experts cost so far. */
export function liveText(
  tokensPerSecond: number | undefined,
  { counts, bytesRead, stallMs, gpus }: ExpertTally,
  held: AllHeld,
): string {
  const speed =
    tokensPerSecond === undefined ? "prefill" : `${threeDigits(tokensPerSecond)} tokens/s`;
  const waited = stallMs.prefill + stallMs.decode;
  const gpuText = held.gpus ? "" : `, GPU hits ${percentText(hitRateOnGpus(gpus))}`;
  const ramText =
    `, hits ${percentText(hitRateOf(counts[phaseToTell(counts)]))}, ${bytesText(bytesRead)} read, ` +
    `waited ${(waited / 1000).toFixed(2)} s`;
  return `${speed}${gpuText}${held.ram ? "" : ramText}`;
}
