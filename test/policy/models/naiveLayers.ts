/** Models of the rules that know about layers. */
import type { Access, AdmissionCause } from "../../../src/policy/evictionPolicy.ts";
import { type ExpertId, layerOf } from "../../../src/policy/expertId.ts";
import { LoggingRule, lowest, type NaiveWorld } from "./naivePolicy.ts";

export class NaiveLeastStale extends LoggingRule {
  layer = 0;
  override begin({ layer }: Access): void {
    this.layer = layer;
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    const { setting } = this.world;
    return lowest(this.byAge(candidates), (expert) => {
      const ahead =
        (layerOf(setting, expert) - this.layer + setting.layerCount) % setting.layerCount;
      return ahead === 0 ? -setting.layerCount : -ahead;
    });
  }
}

export class NaiveCycleAware extends LoggingRule {
  readonly window: number;
  layer = 0;
  /** The step of each layer's last turn. */
  turns = new Map<number, number>();
  probability = new Map<ExpertId, number>();
  /** The probability a resident is ranked by: with the use that a prefetched one awaits. */
  rank = new Map<ExpertId, number>();
  constructor(world: NaiveWorld, window: number) {
    super(world);
    this.window = window;
    const { layerCount, expertsPerLayer } = world.setting;
    for (let id = 0; id < layerCount * expertsPerLayer; id++) this.probability.set(id, 0.02);
  }
  override begin({ layer, step }: Access): void {
    this.layer = layer;
    if (this.turns.get(layer) === step) return;
    this.turns.set(layer, step);
    for (const table of [this.probability, this.rank]) {
      for (const [expert, p] of table) {
        if (layerOf(this.world.setting, expert) === layer) {
          table.set(expert, p * (1 - 1 / this.window));
        }
      }
    }
  }
  override hit(expert: ExpertId): void {
    super.hit(expert);
    this.miss(expert);
    this.rank.set(expert, this.probability.get(expert)!);
  }
  override miss(expert: ExpertId): void {
    this.probability.set(expert, this.used(expert));
  }
  override arrive(expert: ExpertId, cause: AdmissionCause): void {
    super.arrive(expert, cause);
    this.rank.set(expert, cause === "use" ? this.probability.get(expert)! : this.used(expert));
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    const { layerCount } = this.world.setting;
    return lowest(
      this.byAge(candidates),
      (expert) => -(this.distance(expert) + (1 / this.rank.get(expert)! - 1) * layerCount),
    );
  }
  distance(expert: ExpertId): number {
    const { setting } = this.world;
    const ahead = (layerOf(setting, expert) - this.layer + setting.layerCount) % setting.layerCount;
    return ahead === 0 ? setting.layerCount : ahead;
  }
  used(expert: ExpertId): number {
    const p = this.probability.get(expert)!;
    return p + (1 - p) / this.window;
  }
}

/** Two windows, and how much the first of them weighs. */
export interface BurstWindows {
  readonly burst: number;
  readonly window: number;
  readonly share: number;
}

export class NaiveCycleBurst extends LoggingRule {
  readonly #short: NaiveCycleAware;
  readonly #long: NaiveCycleAware;
  readonly #share: number;
  constructor(world: NaiveWorld, { burst, window, share }: BurstWindows) {
    super(world);
    this.#short = new NaiveCycleAware(world, burst);
    this.#long = new NaiveCycleAware(world, window);
    this.#share = share;
  }
  override begin(batch: Access): void {
    for (const one of [this.#short, this.#long]) one.begin(batch);
  }
  override hit(expert: ExpertId): void {
    for (const one of [this.#short, this.#long]) one.hit(expert);
  }
  override miss(expert: ExpertId): void {
    for (const one of [this.#short, this.#long]) one.miss(expert);
  }
  override arrive(expert: ExpertId, cause: AdmissionCause): void {
    for (const one of [this.#short, this.#long]) one.arrive(expert, cause);
  }
  override leave(expert: ExpertId, isEvicted: boolean): void {
    for (const one of [this.#short, this.#long]) one.leave(expert, isEvicted);
  }
  victim(candidates: ExpertId[]): ExpertId | undefined {
    const { setting } = this.world;
    return lowest(
      [...candidates].sort((a, b) => a - b),
      (expert) => {
        const p =
          this.#share * this.#short.rank.get(expert)! +
          (1 - this.#share) * this.#long.rank.get(expert)!;
        return -(this.#long.distance(expert) + (1 / p - 1) * setting.layerCount);
      },
    );
  }
}

/** LRU in groups of layers, each with slots of its own. */
export class NaiveGroupedLru extends LoggingRule {
  readonly groups: readonly { readonly layers: readonly number[]; readonly slots: number }[];
  constructor(
    world: NaiveWorld,
    groups: readonly { readonly layers: readonly number[]; readonly slots: number }[],
  ) {
    super(world);
    this.groups = groups;
  }
  override needsVictim(incoming: ExpertId): boolean {
    const group = this.groupOf(incoming);
    const members = this.world.residents.filter((expert) => this.groupOf(expert) === group);
    return members.length >= group.slots;
  }
  victim(candidates: ExpertId[], incoming: ExpertId): ExpertId | undefined {
    const group = this.groupOf(incoming);
    return this.byAge(candidates.filter((expert) => this.groupOf(expert) === group))[0];
  }
  groupOf(expert: ExpertId): { readonly slots: number } {
    const layer = layerOf(this.world.setting, expert);
    return this.groups.find(({ layers }) => layers.includes(layer))!;
  }
}

/** llama.cpp's: a batch that is too large changes nothing. */
export class NaiveLlamaCppLru extends NaiveGroupedLru {
  #isReadOnly = new Map<unknown, boolean>();
  override begin({ tokenCount, experts }: Access): void {
    const group = this.groupOf(experts[0]!);
    const pinned = this.world.setting.capacity - this.world.slots;
    const slots = group.slots - (pinned === 0 ? 0 : this.pinnedIn(group));
    this.#isReadOnly.set(group, tokenCount! > 32 || experts.length > slots);
  }
  override order(misses: ExpertId[]): ExpertId[] {
    return misses.toSorted((a, b) => a - b);
  }
  override hit(expert: ExpertId): void {
    if (!this.#isReadOnly.get(this.groupOf(expert))) super.hit(expert);
  }
  override needsVictim(incoming: ExpertId): boolean {
    return !!this.#isReadOnly.get(this.groupOf(incoming)) || super.needsVictim(incoming);
  }
  override victim(candidates: ExpertId[], incoming: ExpertId): ExpertId | undefined {
    if (this.#isReadOnly.get(this.groupOf(incoming))) return undefined;
    return super.victim(candidates, incoming);
  }
  #pinned: ExpertId[] = [];
  override pin(expert: ExpertId): void {
    this.#pinned.push(expert);
  }
  override unpin(expert: ExpertId): void {
    this.#pinned = this.#pinned.filter((other) => other !== expert);
    super.unpin(expert);
  }
  pinnedIn(group: unknown): number {
    return this.#pinned.filter((expert) => this.groupOf(expert) === group).length;
  }
}
