/** Many damaged models one after another, and what is left behind when they are all closed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Holdings, holdings } from "./holdings.ts";
import { hostileModel } from "./hostileModel.ts";
import { runTrial, trialLimitMs } from "./trial.ts";
import { Watchdog } from "./watchdog.ts";

export interface CampaignOptions {
  readonly seed: number;
  /** Number of the first model. */
  readonly first: number;
  readonly count: number;
  readonly onTrial?: (trial: Trial) => void;
}

interface Trial {
  readonly index: number;
  readonly title: string;
  readonly codes: readonly string[];
  readonly faults: readonly string[];
  readonly milliseconds: number;
}

export interface CampaignReport {
  /** How many models ran from start to end. */
  readonly clean: number;
  /** How often each error code ended a step. */
  readonly codes: ReadonlyMap<string, number>;
  /** With the command that repeats each. */
  readonly faults: readonly string[];
  readonly slowestMs: number;
  readonly milliseconds: number;
  /** After a warm-up and at the end, garbage collected. */
  readonly before: Holdings;
  readonly after: Holdings;
  /** The most memory in use at any moment between trials. */
  readonly peakRssBytes: number;
}

/** The first trials compile code, and stretch V8's heap to what the largest of them need. */
const warmUpShare = 1 / 4;

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, first, count, onTrial } = options;
  const folder = mkdtempSync(join(tmpdir(), "sluice-campaign-"));
  const command = `npm run campaign -- --seed ${seed} --only`;
  await using watchdog = new Watchdog(2 * trialLimitMs, command);
  const codes = new Map<string, number>();
  const faults: string[] = [];
  let [clean, slowestMs, peakRssBytes] = [0, 0, 0];
  const start = performance.now();
  let before = await holdings();
  for (let index = first; index < first + count; index++) {
    if (index === first + Math.floor(count * warmUpShare)) before = await holdings();
    watchdog.watch(index);
    const hostile = hostileModel(seed, index);
    const threads = index % 10 === 0 ? 2 : 1;
    const report = await runTrial(hostile, join(folder, String(index)), threads);
    for (const code of report.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
    if (report.codes.length === 0) clean++;
    slowestMs = Math.max(slowestMs, report.milliseconds);
    peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
    for (const fault of report.faults)
      faults.push(`${hostile.title}\n  ${fault}\n  ${command} ${index}`);
    onTrial?.({ index, title: hostile.title, ...report });
  }
  const after = await holdings();
  rmSync(folder, { recursive: true });
  const milliseconds = performance.now() - start;
  return { clean, codes, faults, slowestMs, milliseconds, before, after, peakRssBytes };
}
