/**
 * How much memory a GPU has. WebGPU does not tell, so the system is asked: NVIDIA's tool, the files
 * of Linux's amdgpu driver, or, where a GPU uses the system's RAM, how much there is of that.
 *
 * Source: nvidia-smi --help-query-gpu; Linux, Documentation/gpu/amdgpu/driver-misc.rst.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { promisify } from "node:util";
import { availableMemory } from "../../memory/availableMemory.ts";
import type { AdapterType } from "./adapterType.ts";

type MemorySource = "nvidia-smi" | "sysfs" | "system RAM" | "assumed";

export interface GpuMemory {
  readonly bytes: number;
  /** Not taken by others now, where that is known. */
  readonly freeBytes: number | undefined;
  readonly source: MemorySource;
}

/** What the system says; tests bring their own. */
export interface GpuMemoryNews {
  /** Lines of `name, MiB in all, MiB free`, or `undefined` without NVIDIA's tool. */
  readonly nvidia: () => Promise<string | undefined>;
  /** The text of a file, or `undefined` if there is none. */
  readonly readText: (path: string) => string | undefined;
  /** Names in a folder; none if there is none. */
  readonly list: (folder: string) => readonly string[];
  readonly ramBytes: number;
  readonly freeRamBytes: number;
}

/** Of a GPU of its own memory, where nobody says how much: few cards have less. */
const assumedBytes = 4 * 2 ** 30;
/** The share of RAM that a GPU without memory of its own may take: the rest is for the CPU's side. */
const ramShare = 1 / 4;
const mebibyte = 2 ** 20;
/** How long NVIDIA's tool may take; it needs a second where the driver has to be woken up. */
const toolSeconds = 10;

export async function gpuMemory(
  adapter: { readonly name: string; readonly vendor: string; readonly type: AdapterType },
  news: GpuMemoryNews = systemNews,
): Promise<GpuMemory> {
  if (adapter.type !== "discrete") return sharedRam(news);
  const told =
    adapter.vendor === "nvidia"
      ? nvidiaMemory(await news.nvidia(), adapter.name)
      : adapter.vendor === "amd"
        ? amdMemory(news)
        : undefined;
  return told ?? { bytes: assumedBytes, freeBytes: undefined, source: "assumed" };
}

function sharedRam({ ramBytes, freeRamBytes }: GpuMemoryNews): GpuMemory {
  const bytes = Math.floor(ramBytes * ramShare);
  return { bytes, freeBytes: Math.min(bytes, freeRamBytes), source: "system RAM" };
}

/** NVIDIA's tool and its Vulkan driver give a GPU the same name. */
function nvidiaMemory(text: string | undefined, name: string): GpuMemory | undefined {
  for (const line of text?.split("\n") ?? []) {
    const [, other, total, free] = /^(.*), (\d+), (\d+)\s*$/.exec(line) ?? [];
    if (other?.trim() !== name) continue;
    return {
      bytes: Number(total) * mebibyte,
      freeBytes: Number(free) * mebibyte,
      source: "nvidia-smi",
    };
  }
  return undefined;
}

/** The files do not name the GPU: it is taken for the one with most memory. */
function amdMemory({ readText, list }: GpuMemoryNews): GpuMemory | undefined {
  const root = "/sys/class/drm";
  const cards = list(root)
    .filter((name) => /^card\d+$/.test(name))
    .map((card) => {
      const numberIn = (file: string) => Number(readText(`${root}/${card}/device/${file}`));
      return { bytes: numberIn("mem_info_vram_total"), used: numberIn("mem_info_vram_used") };
    })
    .filter(({ bytes, used }) => bytes > 0 && used >= 0)
    .sort((a, b) => b.bytes - a.bytes);
  const [card] = cards;
  if (card === undefined) return undefined;
  return { bytes: card.bytes, freeBytes: card.bytes - card.used, source: "sysfs" };
}

const systemNews: GpuMemoryNews = {
  nvidia: async () => {
    const query = ["--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"];
    try {
      const options = { timeout: toolSeconds * 1000 };
      return (await promisify(execFile)("nvidia-smi", query, options)).stdout;
    } catch {
      return undefined; // not installed, or without a driver
    }
  },
  readText: (path) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  },
  list: (folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  get ramBytes() {
    return totalmem();
  },
  get freeRamBytes() {
    return availableMemory();
  },
};
