/** The devices of a machine as a table for people. */
import type { KernelBuild } from "../compute/cpu/wasmKernels.ts";
import type { Adapter, AdapterChoice, AdapterList } from "../compute/gpu/gpuAdapters.ts";
import { bytesText } from "./quantities.ts";
import { tableLines } from "./table.ts";
import { heading, printable } from "./terminal.ts";

export interface CpuFacts {
  readonly threads: number;
  readonly kernels: KernelBuild;
  readonly ramBytes: number;
  readonly freeRamBytes: number;
}

/** @param automatic what is used without --gpu */
export function deviceLines(list: AdapterList, automatic: AdapterChoice, cpu: CpuFacts): string[] {
  return [...gpuLines(list), ...automaticLines(automatic, list), cpuLine(cpu)];
}

function gpuLines({ adapters, broken }: AdapterList): string[] {
  const head = ["GPU", "type", "backend", "memory", "free", "told by", "buffer", "binding", "can"];
  const table = tableLines([head, ...adapters.map(gpuRow)], [3, 4, 6, 7]);
  const lines = adapters.length === 0 ? [] : [heading(table[0]!), ...table.slice(1)];
  for (const { name, sameNameCount } of adapters) {
    if (sameNameCount === 1) continue;
    lines.push(`${printable(name)}: of ${sameNameCount} GPUs of this name, one can be reached`);
  }
  for (const { name, fault } of broken) {
    lines.push(printable(`${name} does not work: ${fault}`));
  }
  return lines.length === 0 ? [] : [...lines, ""];
}

function gpuRow({ name, type, backend, memory, limits, ...gpu }: Adapter): string[] {
  return [
    printable(name),
    type,
    backend,
    bytesText(memory.bytes),
    memory.freeBytes === undefined ? "?" : bytesText(memory.freeBytes),
    memory.source,
    bytesText(limits.maxBufferSize),
    bytesText(limits.maxStorageBufferBindingSize),
    abilities(gpu) || "nothing special",
  ];
}

/** What shaders have variants for. */
function abilities({ features, subgroupSizes }: Pick<Adapter, "features" | "subgroupSizes">) {
  const { least, most } = subgroupSizes;
  const words = {
    subgroups: `subgroups of ${least === most ? least : `${least} to ${most}`}`,
    "shader-f16": "f16",
    "timestamp-query": "timestamps",
  } as const;
  return features.map((feature) => words[feature]).join(", ");
}

function automaticLines({ devices: [best], obstacle }: AdapterChoice, list: AdapterList): string[] {
  if (best !== undefined) return [`Used without --gpu: ${printable(best.name)}`];
  const reason = printable(obstacle?.message ?? "");
  return [list.adapters.length === 0 ? `No GPU: ${reason}` : `Used without --gpu: none; ${reason}`];
}

function cpuLine({ threads, kernels, ramBytes, freeRamBytes }: CpuFacts): string {
  const memory = `${bytesText(freeRamBytes)} of ${bytesText(ramBytes)} RAM free`;
  return `CPU: ${threads} threads, ${kernels} SIMD kernels, ${memory}`;
}
