/** Lines about GPUs: what they say, and that they fit whatever the numbers are. */
import { expect, test } from "vitest";
import { tallySince } from "../../src/cli/expertWatch.ts";
import { type GpuFigures, hitRateOnGpus } from "../../src/cli/gpuFigures.ts";
import { gpuJson, gpuRows, gpuStatsText, layersText } from "../../src/cli/gpuReport.ts";
import { liveText } from "../../src/cli/liveLine.ts";
import { AccessProfile } from "../../src/policy/profile.ts";

const counts = {
  ...{ uses: 8, hits: 6, admitted: 2, bypassed: 0, evictions: 1 },
  ...{ usedBytes: 8, hitBytes: 6, movedBytes: 2 },
};
const none = { ...counts, uses: 0, hits: 0, admitted: 0 };
const tally = {
  counts: { prefill: { ...counts, hits: 4 }, decode: counts },
  uploadedBytes: 1023 * 2 ** 30,
};
const profile = new AccessProfile({ layerCount: 2, expertsPerLayer: 4 });
profile.recordHit(1, 3);

const gpu: GpuFigures = {
  report: {
    ...{ device: "NVIDIA GeForce RTX 4090 Laptop GPU", policy: "per-layer(cycle-aware)" },
    ...{ layers: [46, 47], residentLayers: [], slotLayers: [46, 47], hasOutput: true },
    ...{ slots: 12_345, experts: 25_600 },
    ...{ slotBytes: 1023 * 2 ** 30, fixedBytes: 1023 * 2 ** 20, budgetBytes: 2 ** 41 },
    ...{ counts: tally.counts, uploadedBytes: 0, movesExperts: true, profile },
  },
  tally,
};

function linesOf(change: Partial<GpuFigures["report"]>): string[] {
  const rows = gpuRows([{ ...gpu, report: { ...gpu.report, ...change } }]);
  return rows.map(([label, text]) => `${label.padEnd(8)} ${text}`);
}

test("the largest numbers fit into 80 columns", () => {
  const lines = linesOf({ movesExperts: false });
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines).toMatchInlineSnapshot(`
    [
      "GPU      NVIDIA GeForce RTX 4090 Laptop GPU: layers 46 to 47 and the output head",
      "         12345 of 25600 experts in slots, 1023 GiB; per-layer(cycle-aware)",
      "         hits 75.0 % in decode, 50.0 % in prefill; 1023 GiB sent",
      "         its arithmetic differs from the CPU's in the last bits, so it was",
      "         settled at the start which experts it has",
      "         1023 MiB for hot tensors, keys and values, activations",
    ]
  `);
});

test("what is all there, or not there at all, takes a line", () => {
  expect(linesOf({ slots: 25_600 })[1]).toBe("         all 25600 experts in slots, 1023 GiB");
  expect(linesOf({ slots: 0 })[1]).toBe(
    "         none of 25600 experts in slots; the CPU computes them",
  );
  expect(linesOf({ slots: 0, experts: 0, layers: [], hasOutput: false })).toEqual([
    "GPU      NVIDIA GeForce RTX 4090 Laptop GPU: no layers",
  ]);
});

test("layers are named as ranges where they are one", () => {
  expect([[], [5], [4, 5], [0, 1, 2], [1, 3]].map(layersText)).toEqual([
    ...["no layers", "layer 5", "layers 4 to 5", "layers 0 to 2", "layers 1, 3"],
  ]);
});

test("the JSON has every documented key", () => {
  const json = gpuJson(gpu);
  expect(Object.keys(json)).toEqual([
    ..."device layers hasOutput policy slots experts slotBytes fixedBytes budgetBytes".split(" "),
    ..."hitRate counts uploadedBytes movesExperts".split(" "),
  ]);
  expect(json).toMatchObject({ hitRate: { prefill: 0.5, decode: 0.75 } });
});

test("--expert-stats tells of each layer that has slots", () => {
  expect(gpuStatsText(gpu)).toMatchInlineSnapshot(`
    "
    [NVIDIA GeForce RTX 4090 Laptop GPU] overall hit rate: 100.0 % (1 hits / 1 accesses)
      layer   0: (no accesses recorded)
      layer   1: hit 100.0 %  top experts: [3, 0, 1]
    "
  `);
  expect(gpuStatsText({ ...gpu, report: { ...gpu.report, slots: 0 } })).toBe("");
});

const ram = {
  counts: { prefill: none, decode: { ...counts, hits: 2 } },
  prefetch: {
    ...{ issued: { count: 0, bytes: 0 }, useful: { count: 0, bytes: 0 } },
    ...{ late: { count: 0, bytes: 0 }, wasted: { count: 0, bytes: 0 } },
    dropped: { count: 0, bytes: 0 },
  },
  bytesRead: 3 * 2 ** 20,
  stallMs: { prefill: 0, decode: 250 },
  decodeSteps: 1,
  timed: { steps: 0, ms: 0 },
  gpus: [tally, { ...tally, counts: { prefill: none, decode: { ...counts, hits: 8 } } }],
};

test("the live line tells the hits of all GPUs before those of RAM", () => {
  expect(liveText(12.34, ram, { ram: false, gpus: false })).toBe(
    "12.3 tokens/s, GPU hits 87.5 %, hits 25.0 %, 3.00 MiB read, waited 0.25 s",
  );
  expect(liveText(12.34, ram, { ram: true, gpus: false })).toBe("12.3 tokens/s, GPU hits 87.5 %");
  expect(hitRateOnGpus([{ ...tally, counts: { prefill: counts, decode: none } }])).toBe(0.75);
  expect(hitRateOnGpus([])).toBeUndefined();
});

test("the difference of two tallies is that of every GPU", () => {
  expect(tallySince(ram, tallySince(ram, ram))).toEqual(ram);
  expect(tallySince(ram, ram).gpus.map(({ uploadedBytes }) => uploadedBytes)).toEqual([0, 0]);
});
