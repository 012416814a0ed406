/**
 * Slots for experts in a GPU's memory. All slots of a layer lie in one buffer, since a shader sees one;
 * a buffer is no larger than the adapter binds at once, so layers share arenas in groups.
 */

export interface ExpertLayerNeeds {
  readonly layer: number;
  readonly expertCount: number;
  /** The router's top-k. */
  readonly expertsPerToken: number;
  readonly slotBytes: number;
}

export interface SlotQuestion {
  /** Bytes left when everything else is placed. */
  readonly spareBytes: number;
  /** The largest buffer that a shader can see. */
  readonly bindingBytes: number;
  /** Layers that this GPU computes and whose experts it can, in order. */
  readonly layers: readonly ExpertLayerNeeds[];
}

/** One buffer of equal slots. */
export interface SlotArenaPlan {
  /** Layers whose experts share the slots. */
  readonly layers: readonly number[];
  readonly slotBytes: number;
  readonly slots: number;
  /** Every expert of these layers has a slot. */
  readonly holdsAll: boolean;
}

/** Arenas in the order of their layers; none if there is no room for a token's experts. */
export function planSlots({ spareBytes, bindingBytes, layers }: SlotQuestion): SlotArenaPlan[] {
  const wantedBytes = layers.reduce((sum, layer) => sum + layer.expertCount * layer.slotBytes, 0);
  const share = wantedBytes === 0 ? 0 : Math.min(1, spareBytes / wantedBytes);
  const arenas: SlotArenaPlan[] = [];
  for (const group of groupsWithin(layers, share, bindingBytes)) {
    const [first] = group;
    const { slotBytes } = first!;
    const experts = group.reduce((sum, { expertCount }) => sum + expertCount, 0);
    const limit = Math.floor(bindingBytes / slotBytes);
    const slots = Math.min(experts, limit, Math.floor(share * experts));
    const least = Math.max(...group.map(({ expertsPerToken }) => expertsPerToken));
    if (slots < least) continue;
    const holdsAll = slots === experts;
    arenas.push({ layers: group.map(({ layer }) => layer), slotBytes, slots, holdsAll });
  }
  return arenas;
}

/**
 * Neighbouring layers with equal slots, no more than one arena has room for at this share, and about
 * as many in each group: a small rest would have no slots to speak of.
 */
function groupsWithin(
  layers: readonly ExpertLayerNeeds[],
  share: number,
  bindingBytes: number,
): ExpertLayerNeeds[][] {
  return runsOfEqualSlots(layers).flatMap((run) => {
    const { expertCount, slotBytes } = run[0]!;
    const most = Math.max(1, Math.floor(bindingBytes / (share * expertCount * slotBytes)));
    const count = Math.ceil(run.length / most);
    const begins = Array.from({ length: count + 1 }, (_, i) =>
      Math.floor((i * run.length) / count),
    );
    return Array.from({ length: count }, (_, i) => run.slice(begins[i], begins[i + 1]));
  });
}

function runsOfEqualSlots(layers: readonly ExpertLayerNeeds[]): ExpertLayerNeeds[][] {
  const runs: ExpertLayerNeeds[][] = [];
  for (const layer of layers) {
    const run = runs.at(-1);
    if (run?.[0]?.slotBytes === layer.slotBytes) run.push(layer);
    else runs.push([layer]);
  }
  return runs;
}
