/** Equality with a model: a slow policy that is plainly right, step by step. */
import fc from "fast-check";
import type { EvictionPolicy, PolicySetting } from "../evictionPolicy.ts";
import { expertCount } from "../expertId.ts";
import { type AccessParts, anyAccess, toAccess } from "./commands.ts";
import type { ConformanceOptions } from "./conformance.ts";
import {
  type Check,
  largestCapacity,
  makeSubject,
  promise,
  type Subject,
  smallestCapacity,
  smallGrid,
} from "./subject.ts";

/** What a model has to be able to do: no snapshots, no marks. */
export type PolicyModel = Pick<
  EvictionPolicy,
  "access" | "release" | "prefetch" | "pin" | "unpin" | "remove" | "clear" | "resident"
>;

type Deed =
  | { readonly kind: "access"; readonly parts: AccessParts }
  | { readonly kind: "release" | "clear" }
  | { readonly kind: "prefetch" | "pin" | "unpin" | "remove"; readonly expert: number };

/** Any deeds have the same outcomes on the subject and on the model made for the same setting. */
export function agreementCheck(
  subject: Subject,
  makeModel: (setting: PolicySetting) => PolicyModel,
  options: ConformanceOptions = {},
): Check {
  const capacities = fc.integer({ min: smallestCapacity, max: largestCapacity });
  const setting = { ...smallGrid, expertBytes: [2, 3, 2] };
  const property = fc.property(capacities, anyDeeds(), (capacity, deeds) => {
    const policy = makeSubject(subject, { ...setting, capacity });
    const model = makeSubject(
      { ...subject, create: (own) => makeModel(own) as EvictionPolicy },
      { ...setting, capacity },
    );
    const players = [new Player(policy), new Player(model)] as const;
    for (const deed of deeds) {
      const [outcome, expected] = players.map((player) => player.do(deed));
      promise(outcome === expected, `${outcome}, but the model has ${expected}`);
    }
  });
  const parameters = {
    numRuns: options.runs ?? 200,
    includeErrorInReport: true,
    ...(options.seed !== undefined && { seed: options.seed }),
  };
  return { name: "does what its model does", run: () => fc.assert(property, parameters) };
}

/** Does deeds, as far as they are allowed. */
class Player {
  readonly #policy: PolicyModel;
  readonly #inFlight: (readonly number[])[] = [];
  #step = 0;

  constructor(policy: PolicyModel) {
    this.#policy = policy;
  }

  /** What came of it, as text. */
  do(deed: Deed): string {
    return JSON.stringify([deed, this.#act(deed), this.#policy.resident()]);
  }

  #act(deed: Deed): unknown {
    switch (deed.kind) {
      case "access": {
        this.#step += deed.parts.steps;
        const outcome = this.#policy.access(toAccess(this.#step, deed.parts));
        if (deed.parts.staysInFlight) this.#inFlight.push(outcome.leased);
        else this.#policy.release(outcome.leased);
        return outcome;
      }
      case "release":
        return this.#policy.release(this.#inFlight.shift() ?? []);
      case "clear":
        if (this.#inFlight.length > 0) return "not now";
        this.#step = 0;
        return this.#policy.clear();
      case "remove":
        if (this.#inFlight.some((batch) => batch.includes(deed.expert))) return "not now";
        return this.#policy.remove(deed.expert);
      default:
        return this.#policy[deed.kind](deed.expert);
    }
  }
}

function anyDeeds(): fc.Arbitrary<Deed[]> {
  const expert = fc.nat({ max: expertCount(smallGrid) - 1 });
  const deed = fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: fc.constant("access"), parts: anyAccess() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("release") }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom("prefetch", "prefetch", "pin", "unpin", "remove"),
        expert,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear") }) },
  );
  return fc.array(deed as fc.Arbitrary<Deed>, { maxLength: 80, size: "max" });
}
