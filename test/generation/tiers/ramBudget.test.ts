/** A process with a model in tiers takes what it was allowed, and what Node takes by itself. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { writeGguf } from "../../support/ggufBuilder.ts";
import { moeModel } from "../../support/moeModel.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";

const scratch = scratchFolder();
const program = fileURLToPath(new URL("./ramProgram.ts", import.meta.url));
const mebibyte = 2 ** 20;

async function run(...args: readonly string[]): Promise<Record<string, number>> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return JSON.parse(stdout) as Record<string, number>;
}

const onLinux = process.platform === "linux";

test.runIf(onLinux)(
  "a long run within 96 MiB, of a model of 180, keeps to it but for 10 %",
  async () => {
    const path = writeGguf(
      join(scratch, "large.gguf"),
      moeModel({ layers: 8, experts: 56, expertsPerToken: 4, hidden: 256, expertSize: 512 }),
    );
    const budget = 96 * mebibyte;
    expect(statSync(path).size).toBeGreaterThan(1.8 * budget);
    const { peakBytes: baseline = 0 } = await run();
    const { peakBytes = 0, ...facts } = await run(path, String(budget));
    expect(peakBytes - baseline).toBeLessThan(1.1 * budget);
    // The memory was there to be used, and it was: slots came and went.
    expect(facts["plannedBytes"]).toBeLessThanOrEqual(budget);
    expect(facts["plannedBytes"]).toBeGreaterThan(0.95 * budget);
    expect(peakBytes - baseline).toBeGreaterThan(0.7 * budget);
    expect(facts["hits"]).toBeGreaterThan(1000);
    expect(facts["admitted"]).toBeGreaterThan(1000);
  },
);
