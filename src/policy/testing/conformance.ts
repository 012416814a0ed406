/**
 * The conformance kit: the promises of EvictionPolicy as properties that any implementation can be put
 * through. Each fails with a shrunk list of commands that shows the fault.
 *
 *     for (const check of conformanceChecks(subject)) test(check.name, check.run);
 */
import fc from "fast-check";
import type { Access, AccessOutcome, PolicySnapshot } from "../evictionPolicy.ts";
import { accessInParts } from "../inParts.ts";
import { boundChecks } from "./bounds.ts";
import { anyAccess, anyCommands, toAccess } from "./commands.ts";
import { Ledger } from "./ledger.ts";
import { flatStreamCheck } from "./streams.ts";
import {
  type Check,
  largestCapacity,
  makeSubject,
  promise,
  type Subject,
  smallestCapacity,
  smallGrid,
} from "./subject.ts";

export interface ConformanceOptions {
  /** Random cases per property. @default 100 */
  readonly runs?: number;
  /** Of the random cases, so that a run can be repeated. @default a new one each time */
  readonly seed?: number;
}

/** The properties that hold for `subject` by its traits; running them takes about a second. */
export function conformanceChecks(subject: Subject, options: ConformanceOptions = {}): Check[] {
  const { fillsEverySlot = true, hasInclusion = false } = subject.traits ?? {};
  const parameters: fc.Parameters<unknown> = {
    numRuns: options.runs ?? 100,
    includeErrorInReport: true,
    ...(options.seed !== undefined && { seed: options.seed }),
  };
  const check = <T>(name: string, property: fc.IProperty<T>): Check => ({
    name,
    run: () => fc.assert(property, parameters as fc.Parameters<T>),
  });

  const checks = [
    check("keeps its books right under any commands", anyCommandsProperty(subject)),
    check("does the same when asked the same", replayProperty(subject)),
    check("goes on from a snapshot as if nothing had happened", snapshotProperty(subject)),
    check("starts anew when cleared", clearProperty(subject)),
    check("answers a batch of more experts than slots in parts", partsProperty(subject)),
  ];
  if (fillsEverySlot) {
    checks.push(check("with a slot for each, misses every expert once", enoughProperty(subject)));
  }
  if (hasInclusion) {
    checks.push(
      check("with one slot more, holds the same and one more", inclusionProperty(subject)),
    );
  }
  return [...checks, flatStreamCheck(subject), ...boundChecks(subject, parameters)];
}

/** Runs all checks; throws what the first that fails throws. */
export function assertConforms(subject: Subject, options?: ConformanceOptions): void {
  for (const check of conformanceChecks(subject, options)) check.run();
}

const capacities = fc.integer({ min: smallestCapacity, max: largestCapacity });

/** Accesses in order of time. */
const anyAccesses = fc.array(anyAccess(), { maxLength: 40, size: "max" }).map((list) => {
  let step = 0;
  return list.map((parts): Access => {
    step += parts.steps;
    return toAccess(step, parts);
  });
});

function anyCommandsProperty(subject: Subject): fc.IProperty<unknown> {
  return fc.property(capacities, anyCommands(), (capacity, commands) => {
    fc.modelRun(() => {
      const ledger = new Ledger(smallGrid, subject.traits ?? {});
      const { onAdmit, onEvict } = ledger;
      const renew = () => makeSubject(subject, { ...smallGrid, capacity, onAdmit, onEvict });
      return { model: ledger, real: { policy: renew(), renew } };
    }, commands);
  });
}

function replayProperty(subject: Subject): fc.IProperty<unknown> {
  return fc.property(capacities, anyAccesses, (capacity, accesses) => {
    const one = run(subject, capacity, accesses);
    const other = run(subject, capacity, accesses);
    promise(same(one, other), "two policies told the same give the same answers");
  });
}

function snapshotProperty(subject: Subject): fc.IProperty<unknown> {
  return fc.property(capacities, anyAccesses, fc.nat({ max: 40 }), (capacity, accesses, cut) => {
    const first = makeSubject(subject, { ...smallGrid, capacity });
    for (const access of accesses.slice(0, cut)) first.release(first.access(access).leased);
    const second = makeSubject(subject, { ...smallGrid, capacity });
    second.restore(JSON.parse(JSON.stringify(first.snapshot())) as PolicySnapshot);
    for (const access of accesses.slice(cut)) {
      const [one, other] = [first.access(access), second.access(access)];
      promise(same(one, other), "the restored policy answers as the original does");
      first.release(one.leased);
      second.release(other.leased);
    }
  });
}

function clearProperty(subject: Subject): fc.IProperty<unknown> {
  return fc.property(capacities, anyAccesses, (capacity, accesses) => {
    const policy = makeSubject(subject, { ...smallGrid, capacity });
    const fresh = JSON.stringify(policy.snapshot());
    for (const access of accesses) policy.release(policy.access(access).leased);
    policy.clear();
    promise(JSON.stringify(policy.snapshot()) === fresh, "a cleared policy is like a new one");
  });
}

function partsProperty(subject: Subject): fc.IProperty<unknown> {
  return fc.property(capacities, anyAccesses, (capacity, accesses) => {
    const policy = makeSubject(subject, { ...smallGrid, capacity });
    for (const access of accesses) {
      const answered: number[] = [];
      for (const { leased, bypassed } of accessInParts(policy, access)) {
        answered.push(...leased, ...bypassed);
        promise(
          leased.every((expert) => policy.isLeased(expert)),
          "a part's experts are leased",
        );
      }
      promise(
        new Set(answered).size === access.experts.length &&
          answered.length === access.experts.length,
        "the parts answer for each expert once",
      );
      promise(
        access.experts.every((expert) => !policy.isLeased(expert)),
        "nothing stays leased behind the last part",
      );
    }
  });
}

function enoughProperty(subject: Subject): fc.IProperty<unknown> {
  const capacity = smallGrid.layerCount * smallGrid.expertsPerLayer;
  return fc.property(anyAccesses, (accesses) => {
    const outcomes = run(subject, capacity, accesses);
    const misses = outcomes.flatMap(({ admitted }) => admitted.map(({ expert }) => expert));
    const bypassed = outcomes.flatMap((outcome) => outcome.bypassed);
    promise(new Set(misses).size === misses.length, "no expert is missed twice");
    promise(bypassed.length === 0, "no miss is bypassed while slots are free");
  });
}

function inclusionProperty(subject: Subject): fc.IProperty<unknown> {
  return fc.property(capacities, anyAccesses, (capacity, accesses) => {
    const small = makeSubject(subject, { ...smallGrid, capacity });
    const large = makeSubject(subject, { ...smallGrid, capacity: capacity + 1 });
    // One expert at a time: a batch that fits the large cache may have to be split for the small one.
    for (const { experts, ...rest } of accesses) {
      for (const expert of experts) {
        for (const policy of [small, large]) {
          policy.release(policy.access({ ...rest, experts: [expert] }).leased);
        }
        promise(
          small.resident().every((id) => large.isResident(id)),
          "what a cache holds, one with a slot more holds too",
        );
      }
    }
  });
}

function run(subject: Subject, capacity: number, accesses: readonly Access[]): AccessOutcome[] {
  const policy = makeSubject(subject, { ...smallGrid, capacity });
  return accesses.map((access) => {
    const outcome = policy.access(access);
    policy.release(outcome.leased);
    return outcome;
  });
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
