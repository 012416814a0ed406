/** Models to keep in tiers, and budgets for them that leave a wanted share of the slots. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CpuExpertLayer } from "../../../src/experts/cpuExpertLayer.ts";
import { type LanguageModel, type OpenOptions, openModel } from "../../../src/index.ts";
import { type ExpertGrid, policyEntry } from "../../../src/policy/index.ts";
import { writeGguf } from "../../support/ggufBuilder.ts";
import { type MoeShape, moeModel } from "../../support/moeModel.ts";

/** Files of the repository. */
export function fixture(name: string): string {
  const folder = name.startsWith("tiny-moe") ? "../../../models" : "../../fixtures/golden";
  return fileURLToPath(new URL(`${folder}/${name}.gguf`, import.meta.url));
}

/** Shapes that no fixture has. */
const generatedModels: Readonly<Record<string, MoeShape>> = {
  "mixed sizes": {
    layers: 5,
    experts: 6,
    expertsPerToken: 2,
    format: (layer) => (layer % 3 === 1 ? "F32" : "Q8_0"),
  },
  "one layer": { layers: 1, experts: 8, expertsPerToken: 2 },
  "everybody chosen": { layers: 4, experts: 3, expertsPerToken: 3 },
  "one per token": { layers: 3, experts: 6, expertsPerToken: 1 },
  "routers of two formats": {
    layers: 4,
    experts: 32,
    expertsPerToken: 2,
    routerFormat: (layer) => (layer % 2 === 0 ? "F32" : "Q8_0"),
  },
};

/** Writes them into a folder; returns their paths. */
export function writeModels(folder: string): Map<string, string> {
  const entries = Object.entries(generatedModels);
  return new Map(
    entries.map(([name, shape]) => [
      name,
      writeGguf(join(folder, `${name}.gguf`), moeModel(shape)),
    ]),
  );
}

/** What budgets of a model mean, for a given batch size and number of threads. */
export interface Budgets {
  /** The least that is taken, by policy. */
  readonly leastFor: (policy: string) => number;
  /** The same for policies that take what they are given. */
  readonly leastBytes: number;
  /** From here on every expert has a slot. */
  readonly allBytes: number;
  readonly grid: ExpertGrid;
}

export async function budgetsOf(path: string, options: OpenOptions): Promise<Budgets> {
  await using model = await openModel(path, options);
  const { fixedBytes, profile } = model.experts;
  const { expertsPerToken } = model.shape;
  const bySize = Map.groupBy(layersOf(model), ({ slotBytes }) => slotBytes);
  const pools = Array.from(bySize, ([slotBytes, members]) => ({
    slotBytes,
    experts: members.reduce((sum, { expertCount }) => sum + expertCount, 0),
  }));
  const all = pools.reduce((sum, { slotBytes, experts }) => sum + experts * slotBytes, 0);
  const leastFor = (policy: string) => {
    const slots = policyEntry(policy).slots?.(expertsPerToken) ?? expertsPerToken;
    // One layer's experts of one token, and as many that are not kept.
    const least = pools.reduce(
      (sum, { slotBytes, experts }) =>
        sum + (Math.min(slots, experts) + expertsPerToken) * slotBytes,
      0,
    );
    return fixedBytes + Math.min(least, all);
  };
  const { layerCount, expertsPerLayer } = profile;
  return {
    leastFor,
    leastBytes: leastFor("lru"),
    allBytes: fixedBytes + all,
    grid: { layerCount, expertsPerLayer },
  };
}

export function layersOf(model: LanguageModel): readonly CpuExpertLayer[] {
  return model.expertLayers.filter((layer) => layer instanceof CpuExpertLayer);
}
