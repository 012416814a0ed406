/** How experts on demand went: lines for people, JSON for programs. */
import { saveProfile } from "../policy/profileRecord.ts";
import { formatProfile } from "../policy/profileReport.ts";
import type { ExpertFigures, MoreMemory } from "./expertFigures.ts";
import type { ExpertTally } from "./expertWatch.ts";
import { gpuRows, gpuStatsJson, gpuStatsText } from "./gpuReport.ts";
import { hitsText } from "./hitRate.ts";
import { bytesText, threeDigits } from "./quantities.ts";

/** Label and text of each line. */
export type ReportRow = readonly [label: string, text: string];

/** Lines that fit into 80 columns; one if all experts are in RAM; of GPUs a few before. */
export function expertLines(figures: ExpertFigures): string[] {
  return expertRows(figures).map(([label, text]) => `${label.padEnd(8)} ${text}`);
}

/** The same as rows of a table. */
export function expertRows(figures: ExpertFigures): ReportRow[] {
  return [...gpuRows(figures.gpus), ...ramRows(figures)];
}

function ramRows(figures: ExpertFigures): ReportRow[] {
  const { report, tally, holdsAll, tokenCycles, moreMemory } = figures;
  const { experts, slots, pending, policy, predictor } = report;
  if (experts === 0) return [];
  if (holdsAll) {
    const rest = pending === 0 ? "" : `, ${pending} of them still to be read`;
    return [["experts", `all ${experts} in RAM${rest}`]];
  }
  const rows: ReportRow[] = [
    [
      "experts",
      `${slots} of ${experts} in RAM, ${threeDigits(tokenCycles)} token cycles; ${policy}`,
    ],
    ["hits", hitsText(tally.counts)],
    ["read", `${bytesText(tally.bytesRead)}${waitedText(figures)}`],
  ];
  if (predictor !== undefined) rows.push(...aheadRows(predictor, tally));
  if (moreMemory !== undefined) rows.push(["RAM", moreMemoryText(moreMemory)]);
  return rows;
}

/** The documented form; figures that there are not are `undefined`. */
export function expertsJson(figures: ExpertFigures): object {
  const { report, tally, tokenCycles, hitRate, stallMsPerToken, cliff, moreMemory } = figures;
  const { policy, predictor, slots, experts, slotBytes, tokenCycleSlots, pending } = report;
  const { status, requiredSlots, hitsNothing } = cliff;
  return {
    ...{ policy, predictor, slots, experts, slotBytes, tokenCycleSlots, tokenCycles },
    hitRate,
    counts: tally.counts,
    prefetch: tally.prefetch,
    bytesRead: tally.bytesRead,
    stallMs: tally.stallMs,
    stallMsPerToken,
    pending,
    cliff: { status, requiredSlots, hitsNothing },
    moreMemory,
  };
}

/** What --expert-stats writes as text. */
export function expertStatsText(name: string, figures: ExpertFigures): string {
  const lines = expertLines(figures).map((line) => `  ${line}\n`);
  const profile = formatProfile(figures.report.profile);
  return `${name}\n${lines.join("")}\n${profile}${figures.gpus.map(gpuStatsText).join("")}`;
}

/** What --expert-stats writes into a .json. */
export function expertStatsJson(name: string, figures: ExpertFigures): object {
  const { report, gpus } = figures;
  const profile = saveProfile(report.profile);
  return { model: name, experts: expertsJson(figures), gpus: gpus.map(gpuStatsJson), profile };
}

function waitedText({ tally, stallMsPerToken }: ExpertFigures): string {
  const perToken =
    stallMsPerToken === undefined ? "" : `${threeDigits(stallMsPerToken)} ms per token, `;
  return `; waited ${perToken}${threeDigits(tally.stallMs.prefill)} ms in prefill`;
}

function aheadRows(predictor: string, { prefetch }: ExpertTally): ReportRow[] {
  const { issued, useful, late, wasted, dropped } = prefetch;
  if (issued.count === 0) return [["ahead", `nothing was read ahead by ${predictor}`]];
  const ends = `${useful.count} useful, ${late.count} late, ${wasted.count} wasted`;
  return [
    ["ahead", `${issued.count} experts by ${predictor}, ${bytesText(issued.bytes)}`],
    ["", `${ends}, ${dropped.count} dropped`],
  ];
}

function moreMemoryText(more: MoreMemory): string {
  const { extraBytes, msSavedPerToken, tokensPerSecondNow, tokensPerSecondThen } = more;
  // Less than that is not worth the name.
  if (tokensPerSecondThen < 1.01 * tokensPerSecondNow) {
    return `${bytesText(extraBytes)} more would save next to nothing`;
  }
  return (
    `${bytesText(extraBytes)} more would save about ${threeDigits(msSavedPerToken)} ms per token, ` +
    `${threeDigits(tokensPerSecondNow)} -> ${threeDigits(tokensPerSecondThen)} tokens/s`
  );
}
