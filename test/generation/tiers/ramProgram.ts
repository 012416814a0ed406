/**
 * Prints the most memory it ever had, as JSON: of a long run of a model with a budget, or of the
 * library alone.
 *
 *     node test/generation/tiers/ramProgram.ts [MODEL BYTES]
 */
import { readFileSync } from "node:fs";
import { openModel } from "../../../src/index.ts";

const [path, budget] = process.argv.slice(2);
if (path !== undefined) {
  await using model = await openModel(path, {
    ramBytes: Number(budget),
    threads: 1,
    load: "lazy",
    contextLength: 512,
  });
  using sequence = model.createSequence();
  const tokens = Array.from({ length: 400 }, (_, index) => (index * 37 + 11) % 64);
  await sequence.feed(tokens.slice(0, 200));
  for (const token of tokens.slice(200)) await sequence.feed([token]);
  const { slots, experts, slotBytes, fixedBytes, counts } = model.experts;
  const { hits, admitted } = counts.decode;
  print({ slots, experts, plannedBytes: slotBytes + fixedBytes, hits, admitted });
} else {
  print({});
}

function print(facts: Readonly<Record<string, number>>): void {
  // Not resourceUsage().maxRSS, which begins with that of the process that started this one.
  const [, kilobytes] =
    /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  process.stdout.write(JSON.stringify({ peakBytes: Number(kilobytes) * 1024, ...facts }));
}
