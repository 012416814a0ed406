/** What WebGPU does not tell of an adapter: its type, and how much memory it has. */
import { describe, expect, test } from "vitest";
import { type AdapterType, adapterType } from "../../src/compute/gpu/adapterType.ts";
import { type GpuMemoryNews, gpuMemory } from "../../src/compute/gpu/gpuMemory.ts";

const gibibyte = 2 ** 30;

describe("an adapter's type", () => {
  test.for([
    ["nvidia", "NVIDIA H100 80GB HBM3", "discrete"],
    ["nvidia", "NVIDIA GeForce RTX 3060 Laptop GPU", "discrete"],
    ["nvidia", "NVIDIA Tegra Orin (nvgpu)", "integrated"],
    ["amd", "AMD Radeon RX 6800 (RADV NAVI21)", "discrete"],
    ["amd", "AMD Radeon Pro W7900", "discrete"],
    ["amd", "AMD Radeon Graphics (RADV RENOIR)", "integrated"],
    ["amd", "AMD Radeon(TM) Vega 8 Graphics", "integrated"],
    ["amd", "AMD Radeon 780M (RADV PHOENIX)", "integrated"],
    ["amd", "Radeon 8060S Graphics (RADV GFX1151)", "integrated"],
    ["intel", "Intel(R) UHD Graphics 770 (ADL-S GT1)", "integrated"],
    ["intel", "Intel(R) Arc(TM) Graphics (MTL)", "integrated"],
    ["intel", "Intel(R) Arc(tm) A770 Graphics (DG2)", "discrete"],
    ["intel", "Intel(R) Arc(tm) Pro B60 Graphics (BMG G21)", "discrete"],
    ["apple", "Apple M2 Max", "integrated"],
    ["qualcomm", "Adreno X1-85", "integrated"],
  ] as const)("of %s's %s is %s", ([vendor, name, type]) => {
    expect(adapterType({ vendor, name, isCpu: false })).toBe(type);
  });

  test("is said by itself when it computes on the CPU", () => {
    expect(adapterType({ vendor: "mesa", name: "llvmpipe", isCpu: true })).toBe("cpu");
  });
});

describe("an adapter's memory", () => {
  const news: GpuMemoryNews = {
    nvidia: async () => "NVIDIA RTX A6000, 49140, 40000\nNVIDIA H100 80GB HBM3, 81559, 81079\n",
    readText: (path) =>
      ({
        "/sys/class/drm/card0/device/mem_info_vram_total": "536870912\n",
        "/sys/class/drm/card0/device/mem_info_vram_used": "1000\n",
        "/sys/class/drm/card1/device/mem_info_vram_total": "17163091968\n",
        "/sys/class/drm/card1/device/mem_info_vram_used": "163091968\n",
      })[path],
    list: () => ["card0", "card1", "card1-DP-1", "card2", "renderD128"],
    ramBytes: 64 * gibibyte,
    freeRamBytes: 10 * gibibyte,
  };
  const of = (vendor: string, name: string, type: AdapterType, other = {}) =>
    gpuMemory({ vendor, name, type }, { ...news, ...other });

  test("is what NVIDIA's tool says of that name", async () => {
    const h100 = { bytes: 81559 * 2 ** 20, freeBytes: 81079 * 2 ** 20, source: "nvidia-smi" };
    expect(await of("nvidia", "NVIDIA H100 80GB HBM3", "discrete")).toEqual(h100);
  });

  test("is that of the largest AMD card", async () => {
    const largest = { bytes: 17163091968, freeBytes: 17e9, source: "sysfs" };
    expect(await of("amd", "AMD Radeon RX 6800", "discrete")).toEqual(largest);
  });

  test("is a share of the RAM where it has none of its own, as much as is free", async () => {
    const share = { bytes: 16 * gibibyte, freeBytes: 10 * gibibyte, source: "system RAM" };
    expect(await of("apple", "Apple M2 Max", "integrated")).toEqual(share);
    const idle = await of("apple", "Apple M2 Max", "integrated", { freeRamBytes: 60 * gibibyte });
    expect(idle).toEqual({ ...share, freeBytes: share.bytes });
    expect(await of("amd", "AMD Radeon 780M", "integrated")).toEqual(share);
    expect(await of("mesa", "llvmpipe", "cpu")).toEqual(share);
  });

  test("is assumed where nobody says", async () => {
    const assumed = { bytes: 4 * gibibyte, freeBytes: undefined, source: "assumed" };
    expect(await of("intel", "Arc A770", "discrete")).toEqual(assumed);
    expect(await of("nvidia", "another", "discrete")).toEqual(assumed);
    for (const text of [undefined, "", "NVIDIA-SMI has failed\n", "A6000, [N/A], [N/A]"]) {
      expect(await of("nvidia", "A6000", "discrete", { nvidia: async () => text })).toEqual(
        assumed,
      );
    }
    expect(await of("amd", "RX 6800", "discrete", { list: () => [] })).toEqual(assumed);
    const unreadable = { readText: () => undefined };
    expect(await of("amd", "RX 6800", "discrete", unreadable)).toEqual(assumed);
  });
});
