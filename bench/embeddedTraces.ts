/** What the embedded model routes on prompts of four kinds: recorded anew each time, always the same. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openModel } from "../src/generation/languageModel.ts";
import { openTrace, type RoutingTrace, TraceRecorder } from "../src/trace/index.ts";

const prompts = {
  story: "Tell me a story about a fox and a lantern.",
  question: "What is a mixture of experts?",
  sums: "What is 17 plus 25?",
  code: "Write a function that adds two numbers.",
};

/** 256 tokens each, with the early router logits that `gate-lookahead` lives on. */
export async function embeddedTraces(): Promise<Map<string, RoutingTrace>> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-traces-"));
  const traces = new Map<string, RoutingTrace>();
  try {
    await using model = await openModel(undefined, { predictor: "gate-lookahead" });
    for (const [name, content] of Object.entries(prompts)) {
      const path = join(folder, `${name}.trace`);
      {
        using _recorder = new TraceRecorder(path, model, { weights: false });
        const generation = model.generate([{ role: "user", content }], {
          temperature: 0.8,
          seed: 1,
          maxTokens: 256,
          ignoreEos: true,
        });
        for await (const _ of generation);
      }
      traces.set(`embedded, ${name}`, await openTrace(path, { lookahead: true }));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return traces;
}
