/**
 * node-llama-cpp, answering passes. On the CPU, with its own choice of everything else; it repacks
 * weights for the processor at hand, which cannot be turned off.
 *
 *     node bench/peers/nodeLlamaCpp.ts MODEL THREADS CONTEXT PACKAGE_ENTRY
 */
import { pathToFileURL } from "node:url";
import { fixedTokens } from "./pass.ts";
import { servePasses, timedPass } from "./servePasses.ts";

/** What is used of the package's interface. */
interface Llama {
  loadModel(options: { modelPath: string; gpuLayers: number }): Promise<LlamaModel>;
}
interface LlamaModel {
  readonly fileInfo: { readonly metadata: { tokenizer: { ggml: { tokens: unknown[] } } } };
  createContext(options: Record<string, number>): Promise<{ getSequence(): LlamaSequence }>;
}
interface LlamaSequence {
  clearHistory(): Promise<void>;
  /** Yields the likeliest token; takes the one to go on with. */
  evaluate(
    tokens: number[],
    options: { temperature: number; yieldEogToken: boolean },
  ): AsyncGenerator<number, void, number>;
}
interface Package {
  getLlama(options: Record<string, unknown>): Promise<Llama>;
}

const [modelPath = "", threads = "2", contextSize = "1024", entry = ""] = process.argv.slice(2);
const { getLlama } = (await import(pathToFileURL(entry).href)) as Package;
const llama = await getLlama({ gpu: false, build: "never", maxThreads: 0, logLevel: "error" });
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
const context = await model.createContext({
  contextSize: Number(contextSize),
  batchSize: 512,
  threads: Number(threads),
  sequences: 1,
});
const sequence = context.getSequence();
const vocabularySize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;

await servePasses(async (request) => {
  await sequence.clearHistory();
  let tokens: AsyncGenerator<number, void, number> | undefined;
  const report = await timedPass(request, fixedTokens(request.seed, vocabularySize), {
    first: async (prompt) => {
      tokens = sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true });
      return required(await tokens.next(0));
    },
    next: async (token) => required(await tokens?.next(token)),
  });
  await tokens?.return();
  return report;
});
process.exit(0);

function required(result: IteratorResult<number, void> | undefined): number {
  if (result?.done !== false) throw new Error("the evaluation ended early");
  return result.value;
}
