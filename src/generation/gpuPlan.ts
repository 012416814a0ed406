/**
 * What goes on GPUs, as far as a file's header and the size of their memory tell: first layers with
 * their hot tensors, keys and values, then slots for experts in what is left.
 */
import { gpuFormats } from "../compute/gpu/matvecShaders.ts";
import { type KeyValueFormat, keyValueBytesPerToken } from "../compute/keyValueCache.ts";
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import { roundUp } from "../memory/arena.ts";
import type { Shape } from "../model/shape.ts";
import type { BlockFormat } from "../numerics/formats/blockFormat.ts";
import { type GpuLayers, type LayerPlan, planLayers } from "../placement/layerPlan.ts";
import { type ExpertLayerNeeds, planSlots, type SlotArenaPlan } from "../placement/slotPlan.ts";
import { OptionError } from "../support/errors.ts";
import { isExpert, type ModelNeeds, needsOf, workingBytesOf } from "./gpuNeeds.ts";

/** A GPU as far as plans go. */
export interface GpuPlace {
  readonly name: string;
  /** Bytes of its memory that may be used. */
  readonly budgetBytes: number;
  readonly limits: Pick<GPUSupportedLimits, "maxBufferSize" | "maxStorageBufferBindingSize">;
}

/** What the size of keys, values and activations depends on. */
export interface BatchSizes {
  readonly contextLength: number;
  readonly batchTokens: number;
  readonly keyValueFormat: KeyValueFormat;
}

export interface GpuLayerPlan {
  readonly plan: LayerPlan;
  readonly needs: ModelNeeds;
  /** Bytes of activations of each GPU: an estimate. */
  readonly workingBytes: number;
}

/**
 * @param gpus at least one
 * @throws OptionError if `gpuLayers` asks for what cannot be, or for keys and values as no GPU has them
 */
export function planGpuLayers(
  gpus: readonly GpuPlace[],
  file: GgufFile,
  shape: Shape,
  sizes: BatchSizes,
  gpuLayers?: GpuLayers,
): GpuLayerPlan {
  if (sizes.keyValueFormat === "q8_0") {
    throw new OptionError("a GPU keeps keys and values as f16 or f32 only");
  }
  const needs = needsOf(file, {
    layerCount: shape.layerCount,
    keyValueBytesPerLayer: keyValueBytesPerLayer(shape, sizes),
    hasShader,
    bindingBytes: Math.min(...gpus.map(bindingBytesOf)),
  });
  const workingBytes = workingBytesOf(shape, sizes.batchTokens, sizes.contextLength);
  const plan = planLayers({
    gpus: gpus.map(({ name, budgetBytes }) => ({ name, bytes: budgetBytes })),
    layers: needs.layers,
    outputBytes: needs.outputBytes,
    outputObstacle: needs.outputObstacle,
    workingBytes,
    ...(gpuLayers === undefined ? {} : { gpuLayers }),
  });
  return { plan, needs, workingBytes };
}

/**
 * Slots for the experts of some layers, as a GPU with so many bytes left would have them. Layers whose
 * experts no shader multiplies have none.
 */
export function planGpuSlots(
  gpu: GpuPlace,
  spareBytes: number,
  layers: readonly ExpertLayerInFile[],
): SlotArenaPlan[] {
  const able = layers.filter(({ obstacle }) => obstacle === undefined);
  return planSlots({ spareBytes, bindingBytes: bindingBytesOf(gpu), layers: able });
}

export interface ExpertLayerInFile extends ExpertLayerNeeds {
  /** What keeps the experts off a GPU; `undefined` if nothing does. */
  readonly obstacle: string | undefined;
}

/** Layers with experts, in order, from the table of tensors. */
export function expertLayersOf(file: GgufFile, shape: Shape): ExpertLayerInFile[] {
  const tensors = [...file.tensors.values()].filter(({ name }) => isExpert(name));
  const byLayer = Map.groupBy(tensors, ({ name }) => Number(name.split(".")[1]));
  return [...byLayer]
    .sort(([a], [b]) => a - b)
    .map(([layer, parts]) => {
      const { expertCount, expertsPerToken } = shape;
      const slotBytes = parts.reduce((sum, part) => sum + bytesInSlot(part, expertCount), 0);
      const odd = parts.find(({ format }) => !hasShader(format));
      const obstacle = odd && `are ${odd.format.name}, which no shader multiplies`;
      return { layer, expertCount, expertsPerToken, slotBytes, obstacle };
    });
}

export function hasShader({ name }: BlockFormat): boolean {
  return gpuFormats.includes(name);
}

export function keyValueBytesPerLayer(
  shape: Shape,
  { keyValueFormat, contextLength }: BatchSizes,
): number {
  return (keyValueBytesPerToken(shape, keyValueFormat) / shape.layerCount) * contextLength;
}

/** Each matrix of an expert begins on a cache line; gate and up may share a tensor. */
function bytesInSlot({ name, byteLength }: TensorInfo, expertCount: number): number {
  const matrices = name.includes("ffn_gate_up_") ? 2 : 1;
  return matrices * roundUp(byteLength / expertCount / matrices);
}

/** The largest buffer that a shader can see. */
function bindingBytesOf({ limits }: GpuPlace): number {
  return Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
}
