/** `sluice logits`: what a model computes for given tokens, for comparison with other programs. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Command } from "commander";
import { SluiceError } from "../support/errors.ts";
import { AtomicFile } from "./atomicFile.ts";
import { addEngineOptions, type EngineFlags } from "./engineOptions.ts";
import { Interruption } from "./interruption.ts";
import { computeLogits, logitsJson } from "./logitsOfTokens.ts";
import { tokenList, wholeNumber } from "./numberArguments.ts";
import { writeResult } from "./terminal.ts";
import { withModel } from "./withModel.ts";

interface LogitsFlags extends EngineFlags {
  readonly tokens: readonly number[];
  readonly decode: number;
  readonly out?: string;
}

export function addLogitsCommand(program: Command): void {
  const command = program
    .command("logits")
    .summary("logits and routing for given tokens, as JSON")
    .description(
      "Feeds tokens at once, then N greedy choices one by one, and prints logits and routing of all " +
        "positions as JSON. Without MODEL, the model that comes with sluice is used.",
    )
    .argument("[model]", "a GGUF file; any one of a split model")
    .requiredOption("--tokens <list>", "token ids to feed: 1,2,3", tokenList)
    .option("--decode <count>", "N, the greedy tokens fed after them", wholeNumber(), 0)
    .option("--out <file>", "write into a file, which appears whole or not at all");
  addEngineOptions(command, { arithmetic: "exact", keyValueFormat: "f32" });
  command
    .addHelpText(
      "after",
      `
The JSON:
  {model, arithmetic, kv, tokens,
   logits:  [a list per fed position],
   greedy:  [N + 1 ids; the last one is not fed],
   routing: [{layer, experts: [ids per position], weights: [their shares]}]}
Numbers are f32 values, written so that reading them gives the same f32.

Examples:
  $ sluice logits --tokens 1,2,3
  $ sluice logits olmoe.gguf --tokens 510,5347 --decode 4 --out olmoe.json
  $ sluice logits olmoe.gguf --tokens 510,5347 --arithmetic fast --kv f16`,
    )
    .action(logits);
}

async function logits(path: string | undefined, flags: LogitsFlags): Promise<void> {
  using interruption = new Interruption();
  const { signal } = interruption;
  await using file = flags.out === undefined ? undefined : await AtomicFile.create(flags.out);
  // Numbers to compare with: from the processor, unless a GPU's are asked for.
  const asked = { ...flags, gpu: flags.gpu ?? "off" };
  await withModel({ path, flags: asked, signal }, async ({ model }) => {
    const computed = await computeLogits(model, { ...flags, signal });
    for (const part of logitsJson(computed)) {
      if (file === undefined) await writeResult(part);
      else await file.write(part);
      await nextTurn(); // writing to a pipe does not wait, and Ctrl-C must be heard
      if (signal.aborted) throw new SluiceError("aborted", "writing was cancelled");
    }
  });
  await file?.finish();
}
