/** The campaign's generator: one seed and one number give one damaged model, always the same. */
import { buildGgufWithFields } from "../support/ggufBuilder.ts";
import { byteDamages } from "./byteDamage.ts";
import { Chance } from "./chance.ts";
import { metadataDamages } from "./metadataDamage.ts";
import { damagedSplit } from "./splitDamage.ts";
import { families, tinyModel } from "./tinyModels.ts";
import { tokenizerDamages } from "./tokenizerDamage.ts";

export interface HostileModel {
  /** What was done to it. */
  readonly title: string;
  /** Name -> bytes; a folder of their own. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The file to open. */
  readonly entry: string;
}

const sourceDamages = Object.entries({ ...metadataDamages, ...tokenizerDamages });

export function hostileModel(seed: number, index: number): HostileModel {
  const chance = new Chance(seed, index);
  const family = chance.of(families);
  const model = tinyModel(family);
  const title = (what: string) => `${family}, ${what}`;
  if (chance.oneIn(12)) {
    const { title: what, files } = damagedSplit(chance, model);
    return { title: title(what), files, entry: chance.of([...files.keys()]) };
  }

  const done: string[] = [];
  const inBytes = chance.oneIn(3);
  // Mostly one fault: a second one hides what the first would have met further on.
  const faults = chance.oneIn(6) ? 3 : 1;
  for (let fault = inBytes ? 1 : 0; fault < faults; fault++) {
    const [name, damage] = chance.of(sourceDamages);
    done.push(`${name}: ${damage(chance, model)}`);
  }
  let { bytes, ...rest } = buildGgufWithFields(model);
  if (inBytes) {
    const [name, damage] = chance.of(Object.entries(byteDamages));
    const damaged = damage(chance, { bytes, ...rest });
    bytes = damaged.bytes;
    done.push(`${name}: ${damaged.what}`);
  }
  return {
    title: title(done.join("; ")),
    files: new Map([["model.gguf", bytes]]),
    entry: "model.gguf",
  };
}
