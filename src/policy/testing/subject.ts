/** What the conformance kit tests, and the small worlds it tests it in. */
import { SluiceError } from "../../support/errors.ts";
import type { Access, EvictionPolicy, PolicySetting } from "../evictionPolicy.ts";
import { type ExpertGrid, expertId } from "../expertId.ts";
import type { PolicyTraits } from "../policyCatalogue.ts";

/** A policy under test: any implementation of EvictionPolicy, ours or not. */
export interface Subject {
  readonly name: string;
  /** Must honour the setting's callbacks. */
  readonly create: (setting: PolicySetting) => EvictionPolicy;
  /** What may be expected of it beyond the promises of the interface. */
  readonly traits?: PolicyTraits;
}

/** One property, with a name to report it by; `run` throws, with a counter-example, if it is false. */
export interface Check {
  readonly name: string;
  readonly run: () => void;
}

/** A promise of EvictionPolicy that a subject broke. */
export class BrokenPromiseError extends SluiceError {
  override readonly name = "BrokenPromiseError";

  constructor(message: string) {
    super("policy-misuse", message);
  }
}

/** Throws BrokenPromiseError unless `isKept`. */
export function promise(isKept: boolean, what: string): void {
  if (!isKept) throw new BrokenPromiseError(what);
}

/** Few experts and fewer slots find bugs: everything meets everything. */
export const smallGrid: ExpertGrid = { layerCount: 3, expertsPerLayer: 5 };
export const smallestCapacity = 1;
export const largestCapacity = 9;

/** Makes the subject; if it has to know the future, it is told one that foretells every use. */
export function makeSubject(subject: Subject, setting: PolicySetting): EvictionPolicy {
  const isTold = setting.future !== undefined || !subject.traits?.needsFuture;
  return subject.create(isTold ? setting : { ...setting, future: fullFuture(setting) });
}

const FORETOLD_USES = 300;

/** All experts of all layers, over and over. */
function fullFuture(grid: ExpertGrid): Access[] {
  return Array.from({ length: FORETOLD_USES * grid.layerCount }, (_, turn) => {
    const layer = turn % grid.layerCount;
    const all = Array.from({ length: grid.expertsPerLayer }, (__, i) => expertId(grid, layer, i));
    return { step: turn, layer, experts: all };
  });
}
