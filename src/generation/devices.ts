/**
 * The devices that compute a model: the processor, and GPUs if there are any. What a sequence needs
 * of them is here, however many there are.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuHidden } from "../compute/cpu/cpuTensors.ts";
import type { GpuBackend } from "../compute/gpu/gpuBackend.ts";
import { GpuKeyValueCache } from "../compute/gpu/gpuKeyValueCache.ts";
import { GpuMixer } from "../compute/gpu/gpuMixer.ts";
import { createGpuOps, type GpuOps } from "../compute/gpu/gpuOps.ts";
import { GpuHidden, gpu } from "../compute/gpu/gpuTensors.ts";
import type { KeyValueCache, KeyValueFormat, KeyValueShape } from "../compute/keyValueCache.ts";
import type { Hidden, Ops } from "../compute/ops.ts";
import {
  createPlacedOps,
  type DeviceOps,
  PlacedCache,
  type PlacedOps,
  type Placement,
} from "../compute/placedOps.ts";
import type { ExpertRoom } from "../experts/expertRoom.ts";
import { GpuExperts } from "../experts/gpuExperts.ts";
import { PlacedExperts } from "../experts/placedExperts.ts";
import type { TieredExperts } from "../experts/tieredExperts.ts";
import { GpuWeights } from "./gpuWeights.ts";

/** A GPU that computes layers. */
export interface GpuUnit {
  readonly backend: GpuBackend;
  readonly ops: GpuOps;
  readonly weights: GpuWeights;
  readonly experts: GpuExperts;
  /** Layers it computes, in order. */
  readonly layers: readonly number[];
}

export interface DevicesParts {
  readonly cpu: CpuBackend;
  readonly cpuOps: Ops;
  /** The processor's room, which is the tier below the GPUs' as well. */
  readonly experts: TieredExperts;
  /** Open GPUs, in the order of the placement; taken over. */
  readonly gpus: readonly GpuBackend[];
  readonly placement: Placement;
}

export class Devices implements AsyncDisposable {
  readonly cpu: CpuBackend;
  readonly gpus: readonly GpuUnit[];
  readonly ops: Ops;
  readonly experts: ExpertRoom;
  readonly processorExperts: TieredExperts;
  readonly placement: Placement;
  readonly #read: PlacedOps["read"];

  constructor({ cpu, cpuOps, experts, gpus, placement }: DevicesParts) {
    this.cpu = cpu;
    this.placement = placement;
    this.processorExperts = experts;
    this.gpus = gpus.map((backend, index): GpuUnit => {
      const weights = new GpuWeights();
      const ops = createGpuOps(backend, (handle) => weights.find(handle));
      const mixer = new GpuMixer(backend, ops);
      const layers = [...placement.deviceOf.keys()].filter(
        (layer) => placement.deviceOf[layer] === index + 1,
      );
      const room = new GpuExperts({ backend, ops: ops.verbs, mixer, below: experts, cpu });
      return { backend, ops, weights, experts: room, layers };
    });
    if (this.gpus.length === 0) {
      this.ops = cpuOps;
      this.experts = experts;
      this.#read = async (x) => cpu.floatsOf(x).slice();
      return;
    }
    const placed = createPlacedOps(
      [processorOps(cpu, cpuOps), ...this.gpus.map((unit) => gpuOps(unit))],
      placement,
    );
    this.ops = placed.ops;
    this.#read = placed.read;
    this.experts = new PlacedExperts(
      [experts, ...this.gpus.map((unit) => unit.experts)],
      placement.deviceOf,
    );
  }

  /** Stands for the model in events. */
  get identity(): object {
    return this.cpu.identity;
  }

  /** How many layers the processor computes: the first ones. */
  get processorLayers(): number {
    return this.placement.deviceOf.filter((device) => device === 0).length;
  }

  /** The values of what a forward pass returned: a copy. */
  read(x: Hidden): Promise<Float32Array> {
    return this.#read(x);
  }

  /** Keys and values of a sequence, each layer's on its device. */
  createCache(
    shape: KeyValueShape,
    format: KeyValueFormat,
    capacity: number,
  ): KeyValueCache & Disposable {
    // The processor has the first layers, so that it can number them from 0.
    const layerCount = this.processorLayers;
    const cpu = this.cpu.createCache({ ...shape, layerCount }, format, capacity);
    if (this.gpus.length === 0) return cpu;
    const others = this.gpus.map(
      ({ backend, layers }) => new GpuKeyValueCache(backend, layers, shape, format, capacity),
    );
    return new PlacedCache([cpu, ...others]);
  }

  /**
   * Has all devices at hand while `work` computes a batch. Only one batch may be computed at a time.
   *
   * @throws SluiceError `aborted`, between two layers, once `signal` says so
   */
  async during<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const marks = this.gpus.map(({ backend }) => backend.begin());
    try {
      return await this.cpu.during(signal, work);
    } finally {
      for (const [index, { backend }] of this.gpus.entries()) backend.end(marks[index]!);
    }
  }

  /** Keeps the compute threads at hand until disposed of. */
  holdThreads(): Promise<AsyncDisposable> {
    return this.cpu.holdThreads();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cpu[Symbol.asyncDispose]();
    for (const { backend } of this.gpus) await backend[Symbol.asyncDispose]();
  }
}

function processorOps(cpu: CpuBackend, ops: Ops): DeviceOps {
  return {
    ops,
    upload(values, tokens, width) {
      const x = new CpuHidden(cpu.workspace.allocate(tokens * width * 4), tokens, width);
      if (!cpu.measuring) cpu.floatsOf(x).set(values);
      return x;
    },
    download: async (x) => (cpu.measuring ? new Float32Array(x.tokens * x.width) : cpu.floatsOf(x)),
  };
}

function gpuOps({ backend, ops, experts }: GpuUnit): DeviceOps {
  return {
    ops: ops.verbs,
    upload: (values, tokens, width) => ops.upload(values, tokens, width),
    async download(hidden) {
      const x = gpu(hidden, GpuHidden);
      if (backend.measuring) return new Float32Array(x.tokens * x.width);
      const [values] = await Promise.all([backend.floatsOf(x), experts.finishPass()]);
      backend.device.check();
      return values;
    },
  };
}
