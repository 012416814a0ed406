/** Plays single uses to a policy, as most examples are told: one layer, one expert at a time. */
import type { EvictionPolicy, PolicySetting } from "../../src/policy/evictionPolicy.ts";
import type { ExpertId } from "../../src/policy/expertId.ts";
import { createPolicy } from "../../src/policy/registry.ts";

export interface Player {
  readonly policy: EvictionPolicy;
  /** Uses experts one after the other, a step each; what happened, such as "hit" or "evicted 3". */
  use(...experts: ExpertId[]): string[];
}

export function player(
  spec: string,
  capacity: number,
  setting: Partial<PolicySetting> = {},
): Player {
  const policy = createPolicy(spec, { capacity, layerCount: 1, expertsPerLayer: 100, ...setting });
  let step = 0;
  const useOne = (expert: ExpertId) => {
    const layer = Math.floor(expert / (setting.expertsPerLayer ?? 100));
    const { hits, admitted, leased } = policy.access({ step: step++, layer, experts: [expert] });
    policy.release(leased);
    if (hits.length > 0) return "hit";
    const [admission] = admitted;
    if (admission === undefined) return "bypassed";
    return admission.victim === undefined ? "admitted" : `evicted ${admission.victim}`;
  };
  return { policy, use: (...experts) => experts.map(useOne) };
}
