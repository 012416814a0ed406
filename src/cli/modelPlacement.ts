/** What would lie on GPUs if a model were opened: known from its header, without opening it. */
import {
  type BatchSizes,
  expertLayersOf,
  type GpuPlace,
  planGpuLayers,
  planGpuSlots,
} from "../generation/gpuPlan.ts";
import type { GgufFile } from "../gguf/ggufFile.ts";
import type { Shape } from "../model/shape.ts";
import type { GpuFlags } from "./gpuOptions.ts";
import { layersText } from "./gpuReport.ts";

/** What one GPU would hold. */
export interface GpuShare {
  readonly name: string;
  /** Bytes of its memory that may be used. */
  readonly budgetBytes: number;
  readonly layers: readonly number[];
  readonly hasOutput: boolean;
  /** Bytes of hot tensors, the output head's among them. */
  readonly hotBytes: number;
  readonly keyValueBytes: number;
  /** Bytes of activations, roughly: they are measured when the model is opened. */
  readonly workingBytes: number;
  /** Experts of its layers, and how many of them have a slot. */
  readonly experts: number;
  readonly slots: number;
  readonly slotBytes: number;
}

export interface ModelPlacement {
  readonly gpus: readonly GpuShare[];
  /** Layers that the processor computes. */
  readonly cpuLayers: readonly number[];
  readonly cpuHasOutput: boolean;
  /** Why something is not on a GPU. */
  readonly remarks: readonly string[];
}

export interface PlacementQuestion {
  readonly file: GgufFile;
  readonly shape: Shape;
  readonly sizes: BatchSizes;
  /** At least one. */
  readonly gpus: readonly GpuPlace[];
  readonly flags: Pick<GpuFlags, "gpuLayers" | "gpuExperts">;
}

/** @throws OptionError if so many layers were asked for that cannot be placed */
export function placeModel({ file, shape, sizes, gpus, flags }: PlacementQuestion): ModelPlacement {
  const { plan, needs, workingBytes } = planGpuLayers(gpus, file, shape, sizes, flags.gpuLayers);
  const expertLayers = expertLayersOf(file, shape);
  const layersOn = (device: number) =>
    needs.layers.flatMap((_, layer) => (plan.deviceOf[layer] === device ? [layer] : []));

  const shares = gpus.map((gpu, index): GpuShare => {
    const layers = layersOn(index + 1);
    const hasOutput = plan.outputDevice === index + 1;
    const own = expertLayers.filter(({ layer }) => layers.includes(layer));
    const spareBytes = Math.min(plan.spareBytes[index]!, flags.gpuExperts ?? Infinity);
    const arenas = planGpuSlots(gpu, spareBytes, own);
    const sumOf = (bytes: "hotBytes" | "keyValueBytes") =>
      layers.reduce((sum, layer) => sum + needs.layers[layer]![bytes], 0);
    return {
      name: gpu.name,
      budgetBytes: gpu.budgetBytes,
      layers,
      hasOutput,
      hotBytes: sumOf("hotBytes") + (hasOutput ? needs.outputBytes : 0),
      keyValueBytes: sumOf("keyValueBytes"),
      workingBytes,
      experts: own.reduce((sum, { expertCount }) => sum + expertCount, 0),
      slots: arenas.reduce((sum, { slots }) => sum + slots, 0),
      slotBytes: arenas.reduce((sum, { slots, slotBytes }) => sum + slots * slotBytes, 0),
    };
  });
  const odd = expertLayers.filter(({ layer, obstacle }) => obstacle && plan.deviceOf[layer] !== 0);
  return {
    gpus: shares,
    cpuLayers: layersOn(0),
    cpuHasOutput: plan.outputDevice === 0,
    remarks: [
      ...plan.remarks,
      ...[...Map.groupBy(odd, ({ obstacle }) => obstacle)].map(([obstacle, layers]) => {
        const of = layersText(layers.map(({ layer }) => layer));
        return `the experts of ${of} ${obstacle}: the CPU computes them`;
      }),
    ],
  };
}
