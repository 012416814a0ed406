/** Random streams with a known answer. */
import type { Access } from "../evictionPolicy.ts";
import { RandomNumbers } from "../ruleNumbers.ts";
import { type Check, makeSubject, promise, type Subject } from "./subject.ts";

const EXPERTS = 64;
const SLOTS = 24;
const WARM_UP = 2_000;
const COUNTED = 20_000;
/** Chance of a false alarm below one in a million. */
const DEVIATIONS = 5;

/**
 * If each use is any of N experts with equal chance, whatever has gone before, then C full slots hold
 * the next one with chance C/N, whoever is in them. A policy that sees the future may do better.
 * (The stream must be flat: it is not true of a cycle through layers.)
 */
export function flatStreamCheck(subject: Subject): Check {
  return {
    name: "hits a flat random stream as often as slots are to experts",
    run: () => {
      const stream = flatStream();
      const setting = { capacity: SLOTS, layerCount: 1, expertsPerLayer: EXPERTS };
      const future = subject.traits?.needsFuture ? { future: stream } : {};
      const policy = makeSubject(subject, { ...setting, ...future });
      let hits = 0;
      for (const access of stream) {
        const outcome = policy.access(access);
        if (access.step >= WARM_UP) hits += outcome.hits.length;
        policy.release(outcome.leased);
      }
      const rate = SLOTS / EXPERTS;
      const tolerance = DEVIATIONS * Math.sqrt((rate * (1 - rate)) / COUNTED);
      const isTooGood = hits / COUNTED > rate + tolerance && !subject.traits?.needsFuture;
      const isTooBad = hits / COUNTED < rate - tolerance;
      promise(!isTooGood && !isTooBad, `hit rate ${hits / COUNTED} is not ${rate}`);
    },
  };
}

function flatStream(): Access[] {
  const random = new RandomNumbers(1);
  return Array.from({ length: WARM_UP + COUNTED }, (_, step) => ({
    step,
    layer: 0,
    experts: [random.below(EXPERTS)],
  }));
}
