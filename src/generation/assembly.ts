/**
 * Puts a model together: which device computes what, the forward pass over them, and the memory that
 * each of them needs. First everything is described and a batch is measured; then memory is taken and
 * filled, GPUs first, since what they hold need not be in RAM.
 */
import { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { createCpuOps } from "../compute/cpu/cpuOps.ts";
import type { Arithmetic } from "../compute/cpu/encodings.ts";
import { compileKernels, type KernelBuild } from "../compute/cpu/wasmKernels.ts";
import { GpuBackend } from "../compute/gpu/gpuBackend.ts";
import { GpuFailureError } from "../compute/gpu/gpuErrors.ts";
import type { KeyValueFormat, KeyValueShape } from "../compute/keyValueCache.ts";
import { TieredExperts } from "../experts/tieredExperts.ts";
import type { GgufFile } from "../gguf/ggufFile.ts";
import type { Model } from "../model/architecture.ts";
import { architectureOf } from "../model/architectures/index.ts";
import type { Shape } from "../model/shape.ts";
import { Devices } from "./devices.ts";
import { type ExpertOptions, ExpertTier, looksAhead } from "./expertTier.ts";
import { devicesOf } from "./gpuNeeds.ts";
import type { GpuOptions } from "./gpuOptions.ts";
import { hasShader, keyValueBytesPerLayer, planGpuLayers } from "./gpuPlan.ts";
import { GpuTier, gpuPolicyOf } from "./gpuTier.ts";
import { type OpenGpu, openGpus } from "./openGpus.ts";
import { sameBits } from "./sameBits.ts";
import { outputLimit } from "./sequence.ts";
import { WeightStore } from "./weightStore.ts";

/** The options of a model with their defaults filled in. */
export interface ResolvedOptions {
  readonly threads: number;
  readonly contextLength: number;
  readonly arithmetic: Arithmetic;
  readonly keyValueFormat: KeyValueFormat;
  readonly batchTokens: number;
  readonly arenaBytes?: number;
  readonly stallMs?: number;
}

export interface AssemblyOptions extends ExpertOptions, GpuOptions {
  readonly kernels?: KernelBuild;
  /** What stands for the model in events. */
  readonly identity?: object;
  readonly signal?: AbortSignal;
}

export interface Assembly {
  readonly devices: Devices;
  readonly model: Model;
  readonly store: WeightStore;
  readonly tier: ExpertTier;
  readonly gpuTiers: readonly GpuTier[];
  /** What a user should know of where things went. */
  readonly remarks: readonly string[];
}

/**
 * With `gpu: "auto"` the processor computes all of it where no GPU can; a remark says why.
 *
 * @throws what `openModel` throws; everything taken is given back then
 */
export async function assemble(
  file: GgufFile,
  shape: Shape,
  options: ResolvedOptions,
  given: AssemblyOptions,
): Promise<Assembly> {
  const { gpus, remark } = await gpusFor(options, given);
  const remarks = remark === undefined ? [] : [remark];
  try {
    return await assembleOn(gpus, remarks, file, shape, options, given);
  } catch (error) {
    for (const { device } of gpus) await device[Symbol.asyncDispose]();
    if (given.gpu !== "auto" || !(error instanceof GpuFailureError)) throw error;
    return assembleOn([], [`no GPU is used: ${error.message}`], file, shape, options, given);
  }
}

async function gpusFor({ keyValueFormat }: ResolvedOptions, given: AssemblyOptions) {
  const opened = await openGpus(given);
  const { gpus } = opened;
  if (given.gpu !== "auto" || gpus.length === 0 || keyValueFormat !== "q8_0") return opened;
  for (const { device } of gpus) await device[Symbol.asyncDispose]();
  return { gpus: [], remark: "no GPU is used: keys and values as q8_0 are for the CPU alone" };
}

async function assembleOn(
  gpus: readonly OpenGpu[],
  remarks: readonly string[],
  file: GgufFile,
  shape: Shape,
  options: ResolvedOptions,
  given: AssemblyOptions,
): Promise<Assembly> {
  const { kernels, identity, signal } = given;
  const { module } = await compileKernels(kernels === undefined ? {} : { build: kernels });
  const cpu = new CpuBackend({ module, ...options, ...(identity && { identity }) });
  const cpuOps = createCpuOps(cpu);
  const experts = new TieredExperts(cpu, cpuOps, { looksAhead: looksAhead(given) });
  const { plan, isTied, estimate } = planFor(gpus, file, shape, options, given);
  const backends = gpus.map(({ device }) => {
    const { arithmetic } = options;
    const breathe = () => cpu.breathe();
    return new GpuBackend(device, { arithmetic, identity: cpu.identity, breathe });
  });
  const devices = new Devices({ cpu, cpuOps, experts, gpus: backends, placement: plan });
  const store = new WeightStore(file, (name) => devicesOf(name, plan, isTied));
  const { metadata } = file;
  const architecture = architectureOf(metadata.string("general.architecture"), file.name);
  const { ops } = devices;
  const model = await architecture.build(shape, store, { ops, experts: devices.experts, metadata });
  await measureBatch(model, devices, shape, options, options.batchTokens);
  if (gpus.length > 0) await measureBatch(model, devices, shape, options, 1);
  cpu.settle({ longestRow: store.longestRow, headValues: shape.headSize + shape.valueSize });
  await Promise.all(backends.map((backend) => backend.settle()));

  const ordinalOf = (layer: number) =>
    store.expertSources.findIndex((source) => source.layer.layer === layer);
  const gpuTiers = devices.gpus.map((unit, index) => {
    const { layers, backend } = unit;
    const isOurs = new Set(layers);
    const sources = store.expertSources.filter(
      ({ layer }) =>
        isOurs.has(layer.layer) && layer.parts.every(({ matrix }) => hasShader(matrix.format)),
    );
    const { expertsPerToken } = shape;
    const budgetBytes = gpus[index]!.budgetBytes;
    const leftBytes = plan.spareBytes[index]! + estimate - backend.workingBytes;
    const spareBytes = Math.min(leftBytes, given.gpuExpertBytes ?? leftBytes);
    return new GpuTier(
      { unit, file, sources, expertsPerToken, ordinalOf, spareBytes, leftBytes, budgetBytes },
      {
        policy: gpuPolicyOf(given),
        insertCap: given.gpuInsertCap,
        profile: given.profile,
        signal,
      },
    );
  });
  for (const [index, { backend, weights }] of devices.gpus.entries()) {
    await weights.load(backend, store.hotTensors(index + 1, signal));
  }
  const tier = await ExpertTier.open(
    {
      file,
      backend: cpu,
      store,
      experts,
      laterBytes: devices.processorLayers * keyValueBytesPerLayer(shape, options),
      expertsPerToken: shape.expertsPerToken,
      elsewhere: new Set(gpuTiers.flatMap(({ resident }) => [...resident])),
      signal,
    },
    given,
  );
  try {
    for (const [index, gpuTier] of gpuTiers.entries()) {
      await gpuTier.open((slots, { plan: arenas }) =>
        sameBits({ unit: devices.gpus[index]!, slots, arenas, file, store, devices }),
      );
    }
  } catch (error) {
    await tier[Symbol.asyncDispose]();
    await cpu[Symbol.asyncDispose]();
    throw error;
  }
  return { devices, model, store, tier, gpuTiers, remarks: [...remarks, ...plan.remarks] };
}

function planFor(
  gpus: readonly OpenGpu[],
  file: GgufFile,
  shape: Shape,
  options: ResolvedOptions,
  { gpuLayers }: GpuOptions,
) {
  if (gpus.length === 0) {
    const deviceOf = Array.from({ length: shape.layerCount }, () => 0);
    const plan = { deviceOf, outputDevice: 0, spareBytes: [], remarks: [] };
    return { plan, isTied: false, estimate: 0 };
  }
  const places = gpus.map(({ device: { label, limits }, budgetBytes }) => {
    return { name: label, budgetBytes, limits };
  });
  const { plan, needs, workingBytes } = planGpuLayers(places, file, shape, options, gpuLayers);
  return { plan, isTied: needs.isTied, estimate: workingBytes };
}

/** Runs the largest batch there may be with addresses only, to learn what memory it takes. */
async function measureBatch(
  model: Model,
  devices: Devices,
  shape: Shape,
  options: ResolvedOptions,
  tokenCount: number,
): Promise<void> {
  const tokens = new Int32Array(tokenCount);
  using cache = devices.createCache(
    keyValueShape(shape),
    options.keyValueFormat,
    options.contextLength,
  );
  const outputs = Int32Array.from(tokens.subarray(0, outputLimit).keys());
  await devices.during(undefined, async () => {
    await model.forward({ tokens, positions: tokens, outputs, cache });
  });
}

export function keyValueShape(shape: Shape): KeyValueShape {
  const { layerCount, keyValueHeadCount, headSize, valueSize } = shape;
  return { layerCount, keyValueHeadCount, headSize, valueSize };
}
