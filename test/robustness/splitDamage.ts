/** Models in several files of which one is missing, doubled, foreign or mistaken about itself. */
import { buildGguf, u16, type Value } from "../support/ggufBuilder.ts";
import { type Chance, extremeIntegers } from "./chance.ts";
import { type ModelSource, tinyModel } from "./tinyModels.ts";

interface Part {
  name: string;
  metadata: Record<string, Value>;
  tensors: ModelSource["tensors"];
}

type SplitDamage = (chance: Chance, parts: Part[]) => string;

const splitDamages: Readonly<Record<string, SplitDamage>> = {
  "split as it should be": () => "",
  "part missing": (chance, parts) => parts.splice(chance.below(3), 1)[0].name,
  "part repeated": (chance, parts) => {
    const [from, to] = [chance.below(3), chance.below(3)];
    parts[to] = { ...parts[from], name: parts[to].name };
    return `${from} as ${to}`;
  },
  "foreign part": (chance, parts) => {
    const index = chance.below(3);
    const family = chance.of(["olmoe", "llama", "qwen3moe"] as const);
    parts[index] = { ...splitInThree(tinyModel(family))[index], name: parts[index].name };
    return `${index} of ${family}`;
  },
  "parts of wrong names": (chance, parts) => {
    const part = chance.of(parts);
    part.name = chance.of(["x.gguf", "model-00001-of-00002.gguf", "model-1-of-3.gguf"]);
    return part.name;
  },
  "split keys": (chance, parts) => {
    const part = chance.of(parts);
    const key = chance.of(["split.no", "split.count", "split.tensors.count"]);
    part.metadata[key] = chance.oneIn(4) ? "three" : chance.of(extremeIntegers);
    return `${part.name} ${key} = ${part.metadata[key]}`;
  },
  "many parts promised": (chance, parts) => {
    const count = chance.of([2, 4, 9999, 65_535]);
    for (const [index, part] of parts.entries()) {
      part.metadata["split.count"] = u16(count);
      part.name = `model-0000${index + 1}-of-${String(count).padStart(5, "0")}.gguf`;
    }
    return `${count}`;
  },
  "part without tensors": (chance, parts) => {
    chance.of(parts).tensors = [];
    return "";
  },
};

/** The files of a model in three parts, one of them wrong in some way. */
export function damagedSplit(
  chance: Chance,
  model: ModelSource,
): { title: string; files: Map<string, Uint8Array> } {
  const [title, damage] = chance.of(Object.entries(splitDamages));
  const parts = splitInThree(model);
  const what = damage(chance, parts);
  const files = new Map(parts.map(({ name, ...source }) => [name, buildGguf(source)]));
  return { title: `${title}: ${what}`, files };
}

function splitInThree({ metadata, tensors }: ModelSource): Part[] {
  const third = Math.ceil(tensors.length / 3);
  return [0, 1, 2].map((index) => ({
    name: `model-0000${index + 1}-of-00003.gguf`,
    metadata: {
      ...(index === 0 ? metadata : {}),
      "split.no": u16(index),
      "split.count": u16(3),
      "split.tensors.count": tensors.length,
    },
    tensors: tensors.slice(index * third, (index + 1) * third),
  }));
}
