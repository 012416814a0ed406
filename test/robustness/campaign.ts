/**
 * `npm run campaign -- [--files N] [--seed S] [--first I] [--only I]`: damaged models by the
 * thousand. Prints what they ended with, and for each fault the command that repeats it.
 * `npm run campaign -- --cycles N`: a sound model opened, used and closed N times instead.
 */
import { parseArgs } from "node:util";
import type { Holdings } from "./holdings.ts";
import { runCampaign } from "./runCampaign.ts";
import { runCycles } from "./runCycles.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "1000" },
    seed: { type: "string" },
    first: { type: "string", default: "0" },
    only: { type: "string" },
    cycles: { type: "string" },
  },
});
if (values.cycles === undefined) await campaign();
else printHoldings(await runCycles(Number(values.cycles)));

async function campaign(): Promise<void> {
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const single = values.only !== undefined;
  console.log(`seed ${seed}`);
  const report = await runCampaign({
    seed,
    first: Number(values.only ?? values.first),
    count: single ? 1 : Number(values.files),
    onTrial: ({ index, title, codes, milliseconds }) => {
      if (single || milliseconds > 3000)
        console.log(
          `${index} ${title}\n  ${codes.join(", ") || "ran"}, ${milliseconds.toFixed(0)} ms`,
        );
      else if (index % 500 === 499) console.log(`${index + 1} files`);
    },
  });
  for (const fault of report.faults) console.log(`FAULT ${fault}\n`);
  console.log(`${report.clean} ran from start to end; errors of the others, by step:`);
  for (const [code, count] of [...report.codes].sort(([, a], [, b]) => b - a))
    console.log(`  ${String(count).padStart(6)} ${code}`);
  printHoldings(report);
  console.log(
    `memory at most ${mebibytes(report.peakRssBytes)}, slowest ${report.slowestMs.toFixed(0)} ms`,
  );
  console.log(`${report.faults.length} faults`);
  process.exitCode = report.faults.length > 0 ? 1 : 0;
}

interface Run {
  readonly before: Holdings;
  readonly after: Holdings;
  readonly milliseconds: number;
}

function printHoldings({ before, after, milliseconds }: Run): void {
  console.log(`memory  ${mebibytes(before.rssBytes)} -> ${mebibytes(after.rssBytes)}`);
  console.log(`objects ${mebibytes(before.heapBytes)} -> ${mebibytes(after.heapBytes)}`);
  console.log(`files   ${before.openFiles} -> ${after.openFiles} open`);
  console.log(`threads ${before.threads} -> ${after.threads}`);
  console.log(`${(milliseconds / 1000).toFixed(1)} s`);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
