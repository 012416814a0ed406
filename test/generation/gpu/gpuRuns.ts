/** What a model says about some tokens, with all it tells on the way: to be compared bit for bit. */
import { beforeEach } from "vitest";
import type { LanguageModel, OpenOptions } from "../../../src/generation/languageModel.ts";
import type { CacheCounts } from "../../../src/policy/index.ts";
import { subscribe } from "../../../src/support/events.ts";
import { testAdapter } from "../../gpu/testDevice.ts";
import { layersOf } from "../tiers/tierModels.ts";

/** A routing as its event told it, with the numbers as bits. */
export interface ToldRouting {
  readonly layer: number;
  readonly pass: object;
  readonly experts: readonly number[];
  readonly weightBits: readonly number[];
  readonly logitBits: readonly number[];
}

/** The options that put a model on the adapter of the tests, on one device of it or several. */
export async function onGpus(count: number): Promise<OpenOptions> {
  const name = (await testAdapter())?.name ?? "off";
  return { gpu: Array.from({ length: count }, () => name).join(",") };
}

/** Skips the tests of a file whose promise only holds where sums and products round as IEEE says. */
export async function forStrictAdapters(): Promise<void> {
  const adapter = await testAdapter();
  if (adapter === undefined || adapter.type === "cpu") return;
  beforeEach(({ skip }) => skip(`the shader compiler of ${adapter.name} may fuse and approximate`));
}

/** Collects the routing of one model until it is disposed of. */
export function routingOf(model: LanguageModel): { readonly told: ToldRouting[] } & Disposable {
  const told: ToldRouting[] = [];
  const stop = subscribe(
    "sluice:routing",
    ({ layer, experts, weights, logits, pass, ...event }) => {
      if (event.model !== model.identity) return;
      const weightBits = bitsOf(weights);
      told.push({ layer, pass, experts: [...experts], weightBits, logitBits: bitsOf(logits) });
    },
  );
  return { told, [Symbol.dispose]: stop };
}

export function bitsOf(values: Float32Array): number[] {
  return [...new Uint32Array(values.slice().buffer)];
}

/** Bytes of slots for all experts of a model. */
export function expertBytesOf(model: LanguageModel): number {
  return layersOf(model).reduce(
    (sum, { expertCount, slotBytes }) => sum + expertCount * slotBytes,
    0,
  );
}

/** Of all GPUs and both phases. */
export function gpuCountsOf(model: LanguageModel): readonly CacheCounts[] {
  return model.gpus.flatMap(({ counts }) => [counts.prefill, counts.decode]);
}
