/**
 * Which device computes which layers. The processor takes the first layers and the GPUs the last, in
 * their order, so that the hidden state changes place once per device; the output head goes with the
 * last layer. What a layer needs on a GPU whatever the cache does: its hot tensors, and its keys and
 * values.
 */
import { OptionError } from "../support/errors.ts";

/** Layers on GPUs: so many of the last, all, or what fits. */
export type GpuLayers = number | "all" | "auto";

interface GpuRoom {
  readonly name: string;
  /** Bytes that may be used. */
  readonly bytes: number;
}

export interface LayerNeeds {
  /** Bytes of its hot tensors. */
  readonly hotBytes: number;
  /** Bytes of keys and values of one sequence. */
  readonly keyValueBytes: number;
  /** What keeps the layer off a GPU; `undefined` if nothing does. */
  readonly obstacle?: string | undefined;
}

export interface LayerQuestion {
  readonly gpus: readonly GpuRoom[];
  readonly layers: readonly LayerNeeds[];
  /** Bytes of the output head with its norm. */
  readonly outputBytes: number;
  readonly outputObstacle?: string | undefined;
  /** Bytes of activations and scratch that each device needs, whatever it computes. */
  readonly workingBytes: number;
  /** @default "auto" */
  readonly gpuLayers?: GpuLayers;
}

export interface LayerPlan {
  /** By layer: 0 is the processor, 1 the first GPU. */
  readonly deviceOf: readonly number[];
  /** Where the output head is. */
  readonly outputDevice: number;
  /** Bytes that each GPU has left for experts. */
  readonly spareBytes: readonly number[];
  /** What a user should know. */
  readonly remarks: readonly string[];
}

/**
 * @throws OptionError if so many layers were asked for that there are not, or that cannot be
 *   computed on a GPU, or that do not fit
 */
export function planLayers(question: LayerQuestion): LayerPlan {
  const { gpus, layers, gpuLayers = "auto" } = question;
  const wanted = wantedLayers(gpuLayers, layers.length);
  const able = lastAble(layers);
  const remarks: string[] = [];
  const obstacle = layers[layers.length - able - 1]?.obstacle;
  if (obstacle !== undefined && wanted > able) {
    if (gpuLayers !== "auto")
      throw new OptionError(`layer ${layers.length - able - 1} ${obstacle}`);
    remarks.push(
      `layer ${layers.length - able - 1} ${obstacle}: it and those before it stay on the CPU`,
    );
  }
  const count = Math.min(wanted, able);
  const shared = fill(question, count, "by memory");
  // Layers of uneven sizes may fit in another way than by equal shares.
  const fitting = shared.placed === count ? shared : fill(question, count, "as they fit");
  if (fitting.placed < count) {
    if (gpuLayers !== "auto") {
      throw new OptionError(
        `${fitting.placed} of ${wanted} layers fit the memory of ${namesOf(gpus)}; ask for fewer (--gpu-layers) or allow more (--vram)`,
      );
    }
    remarks.push(
      `${fitting.placed} of ${layers.length} layers fit the memory of ${namesOf(gpus)}${fitting.placed === 0 ? `; the last one needs ${leastMebibytes(question)} MiB` : ""}`,
    );
  }
  if (question.outputObstacle !== undefined && fitting.placed > 0) {
    remarks.push(`the output head ${question.outputObstacle}: it stays on the CPU`);
  }
  return { ...fitting.plan, remarks };
}

function wantedLayers(gpuLayers: GpuLayers, count: number): number {
  if (typeof gpuLayers !== "number") return count;
  if (Number.isInteger(gpuLayers) && gpuLayers >= 0 && gpuLayers <= count) return gpuLayers;
  throw new OptionError(`gpuLayers (--gpu-layers) is ${gpuLayers}; this model has ${count} layers`);
}

/** How many layers, counted from the last, nothing keeps off a GPU. */
function lastAble(layers: readonly LayerNeeds[]): number {
  const last = layers.findLastIndex(({ obstacle }) => obstacle !== undefined);
  return layers.length - 1 - last;
}

/**
 * Hands out layers from the last to the first. The last GPU takes its share by memory first, or as
 * many as fit, then the one before it; what one cannot take the one before it may.
 */
function fill(
  { gpus, layers, outputBytes, outputObstacle, workingBytes }: LayerQuestion,
  wanted: number,
  way: "by memory" | "as they fit",
): { placed: number; plan: Omit<LayerPlan, "remarks"> } {
  const deviceOf = layers.map(() => 0);
  const spareBytes = gpus.map(({ bytes }) => bytes - workingBytes);
  const hasOutput = outputObstacle === undefined && wanted > 0;
  const totalBytes = spareBytes.reduce((sum, bytes) => sum + Math.max(0, bytes), 0);
  let next = layers.length - 1;
  let placed = 0;
  let outputDevice = 0;
  for (let device = gpus.length; device >= 1 && placed < wanted; device--) {
    const bytes = spareBytes[device - 1]!;
    if (bytes <= 0) continue;
    let spare = bytes;
    if (placed === 0 && hasOutput) spare -= outputBytes;
    const isOpen = way === "as they fit" || device === 1;
    const share = isOpen ? wanted - placed : Math.round((wanted * bytes) / totalBytes);
    const before = placed;
    for (let taken = 0; taken < share && placed < wanted; taken++) {
      const { hotBytes, keyValueBytes } = layers[next]!;
      if (hotBytes + keyValueBytes > spare) break;
      spare -= hotBytes + keyValueBytes;
      deviceOf[next--] = device;
      placed++;
    }
    if (placed === before) continue;
    if (before === 0 && hasOutput) outputDevice = device;
    spareBytes[device - 1] = spare;
  }
  return { placed, plan: { deviceOf, outputDevice, spareBytes } };
}

/** Of one GPU, for the last layer alone. */
function leastMebibytes({
  layers,
  outputBytes,
  outputObstacle,
  workingBytes,
}: LayerQuestion): number {
  const last = layers.at(-1);
  const layerBytes = last === undefined ? 0 : last.hotBytes + last.keyValueBytes;
  const headBytes = outputObstacle === undefined ? outputBytes : 0;
  return Math.ceil((workingBytes + headBytes + layerBytes) / 2 ** 20);
}

function namesOf(gpus: readonly GpuRoom[]): string {
  return gpus.map(({ name }) => name).join(" and ");
}
