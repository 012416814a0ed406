/** No policy beats the clairvoyant ones: `belady-bypass` bounds all, `belady` those that never bypass. */
import fc from "fast-check";
import type { Access } from "../evictionPolicy.ts";
import { expertId } from "../expertId.ts";
import { createPolicy } from "../registry.ts";
import { type Check, makeSubject, promise, type Subject, smallGrid } from "./subject.ts";

/** One check, or two for a policy that admits every miss. */
export function boundChecks(subject: Subject, parameters: fc.Parameters<unknown>): Check[] {
  const bounds =
    (subject.traits?.admitsEveryMiss ?? true) ? ["belady-bypass", "belady"] : ["belady-bypass"];
  return bounds.map((bound) => ({
    name: `never has more hits than ${bound}`,
    run: () =>
      fc.assert(boundProperty(subject, bound), parameters as fc.Parameters<[number, Access[]]>),
  }));
}

function boundProperty(subject: Subject, bound: string): fc.IProperty<[number, Access[]]> {
  const best: Subject = { name: bound, create: (setting) => createPolicy(bound, setting) };
  return fc.property(fc.integer({ min: LARGEST_BATCH, max: 7 }), traces(), (asked, future) => {
    const policy = makeSubject(subject, { ...smallGrid, capacity: asked, future });
    const hits = hitsOf(policy, future);
    // A policy may use other slots than it was asked to use; the bound gets as many.
    const capacity = policy.capacity;
    const bestHits = hitsOf(best.create({ ...smallGrid, capacity, future }), future);
    promise(hits <= bestHits, `${hits} hits, but ${bound} has ${bestHits}`);
  });
}

/** Batches fit in the slots, for the bounds are those of whole batches. */
const LARGEST_BATCH = 3;

/** Passes through all layers, as a model makes them. */
function traces(): fc.Arbitrary<Access[]> {
  const { layerCount, expertsPerLayer } = smallGrid;
  const batch = fc.uniqueArray(fc.nat({ max: expertsPerLayer - 1 }), {
    minLength: 1,
    maxLength: LARGEST_BATCH,
  });
  return fc.array(batch, { minLength: 1, maxLength: 60, size: "max" }).map((batches) =>
    batches.map((experts, i) => {
      const layer = i % layerCount;
      const step = Math.floor(i / layerCount);
      return { step, layer, experts: experts.map((expert) => expertId(smallGrid, layer, expert)) };
    }),
  );
}

function hitsOf(policy: ReturnType<Subject["create"]>, accesses: readonly Access[]): number {
  let hits = 0;
  for (const access of accesses) {
    const outcome = policy.access(access);
    hits += outcome.hits.length;
    policy.release(outcome.leased);
  }
  return hits;
}
