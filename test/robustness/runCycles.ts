/** Opening, generating, closing, over and over: what a server does in a year, and what stays behind. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenOptions, openModel } from "../../src/generation/languageModel.ts";
import { budgetsOf } from "../generation/tiers/tierModels.ts";
import { writeGguf } from "../support/ggufBuilder.ts";
import { type Holdings, holdings } from "./holdings.ts";
import { tinyModel } from "./tinyModels.ts";

export interface CyclesReport {
  /** After a tenth of the cycles: code is compiled, pools are full. */
  readonly before: Holdings;
  readonly after: Holdings;
  readonly milliseconds: number;
}

/**
 * `count` cycles; every eighth with a compute thread besides the calling one. Models in tiers have
 * about half of their experts in memory, and are closed while others are still being read.
 */
export async function runCycles(
  count: number,
  { tiers = false }: { tiers?: boolean } = {},
): Promise<CyclesReport> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-cycles-"));
  const path = writeGguf(join(folder, "tiny.gguf"), tinyModel("qwen3moe"));
  const optionsFor = async (threads: number): Promise<OpenOptions> => {
    const options = { threads, batchTokens: 16 };
    if (!tiers) return options;
    const { leastBytes, allBytes } = await budgetsOf(path, options);
    return { ...options, load: "lazy", ramBytes: Math.floor((leastBytes + allBytes) / 2) };
  };
  const [alone, together] = [await optionsFor(1), await optionsFor(2)];
  const start = performance.now();
  let before: Holdings | undefined;
  for (let cycle = 0; cycle < count; cycle++) {
    if (cycle === Math.floor(count / 10)) before = await holdings();
    await using model = await openModel(path, cycle % 8 === 0 ? together : alone);
    await Array.fromAsync(model.generate("Hello", { maxTokens: 2, temperature: 0 }));
  }
  const after = await holdings();
  rmSync(folder, { recursive: true });
  return { before: before ?? after, after, milliseconds: performance.now() - start };
}
