/**
 * Asks a GPU and the processor the same question: one expert of each shape, one token. Where the bits
 * agree, experts may move between them as the cache likes; where they do not (a shader compiler may fuse
 * a product with a sum, a division may be an approximation), moving one would change a result.
 */
import { CpuHidden } from "../compute/cpu/cpuTensors.ts";
import { GpuMixer } from "../compute/gpu/gpuMixer.ts";
import type { ExpertSource } from "../experts/expertLoader.ts";
import type { GpuSlots } from "../experts/gpuSlots.ts";
import type { GgufFile } from "../gguf/ggufFile.ts";
import { regionBytes } from "../memory/arena.ts";
import { seededRandom } from "../numerics/random.ts";
import type { SlotArenaPlan } from "../placement/slotPlan.ts";
import type { Devices, GpuUnit } from "./devices.ts";
import { readExpert } from "./gpuTier.ts";
import type { WeightStore } from "./weightStore.ts";

export interface SameBitsParts {
  readonly unit: GpuUnit;
  readonly slots: GpuSlots;
  readonly arenas: readonly SlotArenaPlan[];
  readonly file: GgufFile;
  readonly store: WeightStore;
  readonly devices: Devices;
}

/** Whether experts give the same bits on the GPU as on the processor. */
export async function sameBits(parts: SameBitsParts): Promise<boolean> {
  const asked = new Set<string>();
  // In the order in which the tier numbers them.
  const layers = parts.arenas.flatMap((arena) => arena.layers);
  for (const [ordinal, layer] of layers.entries()) {
    const source = parts.store.expertSources.find((one) => one.layer.layer === layer)!;
    const kind = kindOf(source);
    if (asked.has(kind)) continue;
    asked.add(kind);
    if (!(await agree(parts, source, ordinal))) return false;
  }
  return true;
}

async function agree(
  { unit, slots, file, devices }: SameBitsParts,
  source: ExpertSource,
  ordinal: number,
): Promise<boolean> {
  const { layer } = source;
  const { cpu } = devices;
  const { backend, ops } = unit;
  const weights = await readExpert(file, source, 0);
  const width = layer.gate.matrix.columns;
  const random = seededRandom(1);
  const values = Float32Array.from({ length: width }, () => random() - 0.5);
  const routing = {
    tokens: 1,
    k: 1,
    experts: Int32Array.of(0),
    weights: Float32Array.of(1),
  };
  // The threads have at hand the arenas that there are when they begin: this may take a new one.
  const slot = cpu.arenas.allocate(layer.slotBytes);
  return devices.during(undefined, async () => {
    regionBytes(slot).set(weights);
    const x = new CpuHidden(cpu.workspace.allocate(width * 4), 1, width);
    cpu.floatsOf(x).set(values);
    const mixture = devices.processorExperts.mixture(layer, x, routing);
    mixture.compute(mixture.groups, () => slot);
    const here = mixture.rowsOf(mixture.groups[0]!).slice();
    cpu.arenas.giveBack(slot);

    const arena = slots.arena(ordinal);
    backend.write(arena.buffer, 0, weights);
    const mixer = new GpuMixer(backend, ops);
    const rows = mixer.begin(layer, ops.upload(values, 1, width), 1, mixer.onlyToken);
    mixer.compute(rows, arena.buffer, mixer.uploadWords(Uint32Array.of(0, 0, 1, 0)), 1);
    const there = await backend.floatsOf(rows.outputs);
    return Buffer.compare(bytesOf(here), bytesOf(there)) === 0;
  });
}

/** Formats and sizes of an expert's matrices: other ones go through other shaders. */
function kindOf({ layer }: ExpertSource): string {
  const matrices = layer.parts.map(({ matrix }) => matrix);
  return matrices.map(({ format, rows, columns }) => `${format.name} ${rows} ${columns}`).join();
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
