/**
 * The experts' door on the CPU: routes, brings the chosen experts into RAM, and computes each as its
 * weights come. Nothing here changes a result, only when it is there.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuHidden, cpu } from "../compute/cpu/cpuTensors.ts";
import type { Ops } from "../compute/ops.ts";
import { CpuExpertLayer } from "./cpuExpertLayer.ts";
import { CpuMixture } from "./cpuMixture.ts";
import type { ExpertRoom, ForwardPass } from "./expertRoom.ts";
import { decided, type ExpertLayer, type Experts, type Routing } from "./experts.ts";
import type { ExpertGroup } from "./mixture.ts";
import type { ExpertRequest, RamTier, ReadyExpert } from "./ramTier.ts";
import { Router, type RouterOptions } from "./router.ts";

export class TieredExperts implements ExpertRoom {
  readonly #backend: CpuBackend;
  readonly #ops: Ops;
  readonly #router: Router;
  #ram: RamTier | undefined;

  constructor(backend: CpuBackend, ops: Ops, options: RouterOptions = {}) {
    this.#backend = backend;
    this.#ops = ops;
    this.#router = new Router(backend, ops, options);
  }

  /** Slots and file are there; only measured batches come before. */
  settle(ram: RamTier): void {
    this.#ram = ram;
  }

  readonly beginPass = (pass: ForwardPass): void => {
    this.#router.beginPass(pass);
    this.#ram?.beginPass(pass);
  };

  readonly route: Experts["route"] = (...call) => this.#router.route(...call);

  readonly mix: Experts["mix"] = async (layer, x, routed) => {
    const mixture = this.mixture(layer, cpu(x, CpuHidden), decided(routed));
    if (this.#ram === undefined) {
      mixture.compute(mixture.groups, () => undefined);
      return mixture.finish();
    }
    const { groups } = mixture;
    const experts = groups.map(({ expert }) => expert);
    const { lookahead } = this.#router;
    await this.serve({ layer: layer.layer, experts, lookahead }, (ready) => {
      const slotOf = (expert: number) => ready.find((one) => one.expert === expert)?.slot;
      const own = ready.length === groups.length ? groups : groupsOf(ready, groups);
      mixture.compute(own, slotOf);
    });
    return mixture.finish();
  };

  /** A layer's mixture that has computed nothing yet. */
  mixture(layer: ExpertLayer, x: CpuHidden, routing: Routing): CpuMixture {
    return new CpuMixture(this.#backend, this.#ops, {
      layer: cpu(layer, CpuExpertLayer),
      x,
      routing,
    });
  }

  /** As {@link RamTier.serve}. */
  serve(request: ExpertRequest, use: (ready: readonly ReadyExpert[]) => void): Promise<void> {
    if (this.#ram === undefined) throw new Error("the experts have no slots yet");
    return this.#ram.serve(request, use);
  }
}

function groupsOf(ready: readonly ReadyExpert[], groups: readonly ExpertGroup[]): ExpertGroup[] {
  const byExpert = new Map(groups.map((group) => [group.expert, group]));
  return ready.map(({ expert }) => byExpert.get(expert)!);
}
