/** A weights file whose reads end when the test says so, and slots to read into. */
import { CpuMatrix } from "../../src/compute/cpu/cpuTensors.ts";
import { CpuExpertLayer } from "../../src/experts/cpuExpertLayer.ts";
import type { ExpertSource } from "../../src/experts/expertLoader.ts";
import type { TensorInfo } from "../../src/gguf/ggufFile.ts";
import type { Region } from "../../src/memory/arena.ts";
import { Arenas } from "../../src/memory/arenas.ts";
import { SlotArena } from "../../src/memory/slotArena.ts";
import { formats } from "../../src/numerics/formats/index.ts";

export const expertsPerLayer = 4;
const layerCount = 3;
const rows = 2;
const columns = 32;
const matrixBytes = rows * columns * 4;
/** Bytes of one expert's three matrices. */
export const expertBytes: number = 3 * matrixBytes;

interface Read {
  /** Which expert's matrix it is, as the loader numbers them. */
  readonly expert: number;
  readonly target: Uint8Array;
  readonly end: PromiseWithResolvers<void>;
}

export class FakeFile {
  readonly name = "fake.gguf";
  readonly sources: readonly ExpertSource[];
  readonly #layerOf = new Map<TensorInfo, number>();
  readonly #reads: Read[] = [];

  constructor() {
    this.sources = Array.from({ length: layerCount }, (_, layer) => {
      const matrix = (name: string) => new CpuMatrix(name, formats.F32, { rows, columns });
      const experts = new CpuExpertLayer(layer, expertsPerLayer, {
        gate: matrix("gate"),
        up: matrix("up"),
        down: matrix("down"),
      });
      const place = () => {
        return { tensor: this.#tensor(layer), firstByte: 0, strideBytes: matrixBytes };
      };
      return { layer: experts, parts: new Map(experts.parts.map((part) => [part, place()])) };
    });
  }

  read(tensor: TensorInfo, byteOffset: number, target: Uint8Array): Promise<void> {
    const layer = this.#layerOf.get(tensor) ?? -1;
    const expert = layer * expertsPerLayer + byteOffset / matrixBytes;
    const end = Promise.withResolvers<void>();
    this.#reads.push({ expert, target, end });
    return end.promise;
  }

  /** Experts being read, in the order in which their reads began. */
  get reading(): readonly number[] {
    return [...new Set(this.#reads.map(({ expert }) => expert))];
  }

  /** The bytes of an expert come: all of its matrices are full of its number. */
  async deliver(expert: number): Promise<void> {
    for (const { target, end } of this.#take(expert)) {
      target.fill(expert);
      end.resolve();
    }
    await turn();
  }

  /** One of an expert's reads fails, the others are still on their way. */
  async failOne(expert: number, error: unknown): Promise<void> {
    const [first, ...others] = this.#take(expert);
    this.#reads.push(...others);
    first?.end.reject(error);
    await turn();
  }

  async fail(expert: number, error: unknown): Promise<void> {
    for (const { end } of this.#take(expert)) end.reject(error);
    await turn();
  }

  #take(wanted: number): Read[] {
    const taken = this.#reads.filter(({ expert }) => expert === wanted);
    if (taken.length === 0) throw new Error(`expert ${wanted} is not being read`);
    const left = this.#reads.filter(({ expert }) => expert !== wanted);
    this.#reads.splice(0, this.#reads.length, ...left);
    return taken;
  }

  #tensor(layer: number): TensorInfo {
    const tensor = {} as TensorInfo; // compared by identity only
    this.#layerOf.set(tensor, layer);
    return tensor;
  }
}

export function takeSlots(count: number): Region[] {
  const slotBytes = new FakeFile().sources[0]?.layer.slotBytes ?? 0;
  const slots = new SlotArena(
    new Arenas({ headBytes: () => 0 }),
    slotBytes,
    count,
    count * slotBytes,
  );
  return Array.from({ length: count }, (_, slot) => slots.place(slot));
}

/** Lets everything happen that waits for nothing. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
