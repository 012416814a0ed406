/** llama.cpp through node-llama-cpp: tokens of a text, and logits of every position, on the CPU. */
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { documentTokens } from "./perplexity.ts";

/** What is used of the package's interface. */
interface Package {
  getLlama(options: Record<string, unknown>): Promise<Llama>;
}
interface Llama {
  readonly llamaCppRelease: { readonly repo: string; readonly release: string };
  loadModel(options: { modelPath: string; gpuLayers: number }): Promise<LlamaModel>;
  dispose(): Promise<void>;
}
interface LlamaModel {
  readonly fileInfo: { readonly metadata: { tokenizer: { ggml: { tokens: unknown[] } } } };
  tokenize(text: string, specialTokens: boolean): number[];
  createContext(options: Record<string, number>): Promise<{ getSequence(): LlamaSequence }>;
}
interface LlamaSequence {
  clearHistory(): Promise<void>;
  controlledEvaluate(
    input: readonly [token: number, options: { generateNext: { logits: true } }][],
  ): Promise<readonly { readonly next: { readonly logits?: ReadonlyMap<number, number> } }[]>;
}

export class LlamaCpp {
  /** The release of llama.cpp. */
  readonly version: string;
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #sequence: LlamaSequence;
  readonly #vocabularySize: number;

  /** Use `LlamaCpp.open`. */
  constructor(llama: Llama, model: LlamaModel, sequence: LlamaSequence) {
    this.version = llama.llamaCppRelease.release;
    this.#llama = llama;
    this.#model = model;
    this.#sequence = sequence;
    this.#vocabularySize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  }

  static async open(entry: string, modelPath: string): Promise<LlamaCpp> {
    const { getLlama } = (await import(pathToFileURL(entry).href)) as Package;
    const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
    const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
    // Left to itself, it takes more threads than there are processors.
    const context = await model.createContext({
      ...{ contextSize: documentTokens, batchSize: documentTokens, sequences: 1 },
      threads: availableParallelism(),
    });
    return new LlamaCpp(llama, model, context.getSequence());
  }

  tokenize(text: string): readonly number[] {
    return this.#model.tokenize(text, true);
  }

  /** A row for every token of a document. */
  async logits(document: readonly number[]): Promise<Float32Array[]> {
    await this.#sequence.clearHistory();
    const results = await this.#sequence.controlledEvaluate(
      document.map((token) => [token, { generateNext: { logits: true } }]),
    );
    return results.map(({ next: { logits } }) => this.#rowOf(logits));
  }

  async close(): Promise<void> {
    await this.#llama.dispose();
  }

  #rowOf(logits: ReadonlyMap<number, number> | undefined): Float32Array {
    if (logits?.size !== this.#vocabularySize) {
      throw new Error(`${logits?.size ?? 0} logits for ${this.#vocabularySize} tokens`);
    }
    const row = new Float32Array(this.#vocabularySize);
    for (const [token, logit] of logits) row[token] = logit;
    return row;
  }
}
