/**
 * The program on a GPU: the same text as without, what it says of it, and what becomes of GPUs that are
 * not there. Models are tiny and opened seldom, since a driver that computes on the CPU takes seconds
 * to compile their shaders.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runProgram } from "../gpu/runProgram.ts";
import { testAdapter } from "../gpu/testDevice.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { goldenModel, type Outcome, sluice } from "./sluice.ts";

const scratch = scratchFolder();
const small = ["--context", "64", "--batch", "8", "--threads", "1"];
const work = ["-p", "Hello", "--raw", "-n", "4", "--temperature", "0", "--ignore-eos"];
const run = ["run", goldenModel, ...work, ...small];

interface GpuJson {
  readonly layers: readonly number[];
  readonly slots: number;
  readonly counts: Readonly<Record<"prefill" | "decode", Record<string, number>>>;
  readonly uploadedBytes: number;
}

interface ReportJson {
  readonly text: string;
  readonly tokens: readonly number[];
  readonly experts: { readonly slots: number; readonly experts: number };
  readonly gpus: readonly GpuJson[];
  readonly remarks: readonly string[];
}

function jsonOf({ code, stdout, stderr }: Outcome): ReportJson {
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as ReportJson;
}

function refused({ code, stdout, stderr }: Outcome): { code: number | null; line: string } {
  expect(stdout).toBe("");
  return { code, line: stderr.split("\n")[0] ?? "" };
}

describe("with a GPU", async () => {
  const adapter = await testAdapter();
  const name = adapter?.name ?? "";
  const onGpu = ["--gpu", name];

  test("the text is that of the CPU, and the report says what was where", async () => {
    const stats = join(scratch, "stats.json");
    const hybrid = ["--gpu-layers", "2", "--gpu-experts", "50KiB", "--gpu-policy", "lru"];
    const alone = jsonOf(await sluice([...run, "--json"]));
    const report = jsonOf(
      await sluice([...run, "--json", ...onGpu, ...hybrid, "--expert-stats", stats]),
    );
    expect(report).toMatchObject({ text: alone.text, tokens: alone.tokens, remarks: [] });
    expect(alone).toMatchObject({ gpus: [], remarks: [] });
    const [gpu, ...others] = report.gpus;
    expect(others).toEqual([]);
    expect(gpu).toMatchObject({
      ...{ device: name, layers: [1, 2], hasOutput: true, policy: "lru", experts: 16 },
      fixedBytes: expect.any(Number),
      budgetBytes: expect.any(Number),
      hitRate: { prefill: expect.any(Number), decode: expect.any(Number) },
      movesExperts: expect.any(Boolean),
    });
    const { slots, counts, uploadedBytes } = gpu!;
    expect(slots).toBeGreaterThan(0);
    expect(slots).toBeLessThan(16);
    expect(uploadedBytes).toBeGreaterThan(0);
    for (const { uses, hits, admitted, bypassed } of Object.values(counts)) {
      expect(uses).toBe(hits! + admitted! + bypassed!);
    }
    // Two layers, three experts of each, for the three tokens that are fed after the first.
    expect(counts.decode["uses"]).toBe(2 * 3 * 3);
    const written = JSON.parse(readFileSync(stats, "utf8")) as ReportJson;
    expect(written.gpus).toEqual([{ ...gpu, profile: expect.any(Object) }]);
  });

  test("a chat tells of it after each answer and in /stats", async () => {
    const hybrid = ["--gpu-layers", "1", "--gpu-experts", "40KiB"];
    const { code, stderr } = await sluice(
      [
        "chat",
        goldenModel,
        ...small,
        ...onGpu,
        ...hybrid,
        "-n",
        "2",
        "--stats",
        "--temperature",
        "0",
      ],
      { stdin: "a\n/stats\n" },
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/; GPU hits [\d.]+ %[;\]]/);
    expect(stderr).toContain(`GPU       ${name}: layer 2 and the output head\n`);
    expect(stderr).toMatch(/^ +\d of 8 experts in slots, [\d.]+ KiB; cycle-burst$/m);
    expect(stderr).toMatch(/^experts +all 24 in RAM$/m);
  });

  test("with all of it there, RAM has nothing to tell, and is not said to be too small", async () => {
    const { code, stderr } = await sluice([...run, ...onGpu, "--policy", "lru", "--no-map"]);
    expect(code).toBe(0);
    expect(stderr).not.toContain("sluice:");
    expect(stderr).toMatch(/^memory +[\d.]+ KiB of RAM: experts [\d.]+ KiB, all else [\d.]+ KiB$/m);
    expect(stderr).toContain(`GPU      ${name}: layers 0 to 2 and the output head\n`);
    expect(stderr).toMatch(/^ +all 24 experts in slots, [\d.]+ KiB$/m);
    expect(stderr).not.toMatch(/^experts /m);
  });

  test("one that fails in the middle is told of, and the text stays the same", async () => {
    const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url));
    const body = `
      import { main } from ${source("cli/main.ts")};
      import { subscribe } from ${source("support/events.ts")};
      const open = GpuDevice.open.bind(GpuDevice);
      let opened;
      GpuDevice.open = async (...args) => (opened = await open(...args));
      let steps = 0;
      subscribe("sluice:routing", ({ pass, layer }) => {
        if (pass.phase === "decode" && layer === 0 && ++steps === 2) opened.device.destroy();
      });
      process.exitCode = await main(${JSON.stringify([...run, ...onGpu, "--gpu-layers", "1", "--stats", "--no-map"])});`;
    const [{ stdout }, lost] = await Promise.all([sluice(run), runProgram(body)]);
    expect(lost).toMatchObject({ code: 0, stdout });
    expect(lost.stderr).toMatch(/^sluice: .+ lost .+; the CPU goes on alone$/m);
    expect(lost.stderr).toMatch(/^experts +all 24 in RAM$/m);
  });

  test("memory for no layer is said, and the CPU computes all", async () => {
    const { code, stderr } = await sluice([...run, ...onGpu, "--vram", "64KiB", "--no-map"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^sluice: 0 of 3 layers fit the memory of /);
    expect(stderr.match(/layers fit/g)).toHaveLength(1);
    expect(stderr).toContain(`GPU      ${name}: no layers\n`);
  });

  test("what cannot be as it was asked for is bad usage", async () => {
    const outcomes = await Promise.all(
      [
        [...onGpu, "--vram", "64KiB", "--gpu-layers", "all"],
        [...onGpu, "--gpu-layers", "9"],
        [...onGpu, "--vram", "1GiB,1GiB"],
        [...onGpu, "--kv", "q8_0"],
      ].map((args) => sluice([...run, ...args])),
    );
    expect(
      outcomes.map(refused).map(({ code, line }) => `${code} ${line.replaceAll(name, "NAME")}`),
    ).toMatchInlineSnapshot(`
      [
        "2 sluice: 0 of 3 layers fit the memory of NAME; ask for fewer (--gpu-layers) or allow more (--vram)",
        "2 sluice: gpuLayers (--gpu-layers) is 9; this model has 3 layers",
        "2 sluice: --vram has 2 sizes for one GPU",
        "2 sluice: a GPU keeps keys and values as f16 or f32 only",
      ]
    `);
  });

  test.runIf(adapter?.type === "cpu")(
    "auto leaves alone what computes on the CPU, and says so only when asked",
    async () => {
      const env = { SLUICE_GPU: undefined };
      const [silent, ...asked] = await Promise.all([
        sluice([...run, "--no-map"], { env }),
        sluice([...run, "--no-map", "--gpu", "auto"]),
        sluice([...run, "--no-map", "--vram", "1GiB"], { env }),
      ]);
      for (const { code } of [silent!, ...asked]) expect(code).toBe(0);
      expect(silent!.stderr).not.toContain("sluice:");
      for (const { stderr } of asked) {
        expect(stderr).toMatch(/^sluice: no GPU is used: .+ computes on the CPU, .+\nprefill /);
      }
    },
  );

  test("a name that fits none is bad usage, and those that there are are named", async () => {
    const { code, line } = refused(await sluice([...run, "--gpu", "\u0001"]));
    expect(code).toBe(2);
    expect(line).toMatch(/^sluice: there is no GPU "\\x01" but /);
    expect(line).toContain(name);
  });

  test("devices --model tells what would lie there", async () => {
    const devices = ["devices", "--model", goldenModel, "--context", "64", "--batch", "8"];
    const [text, json, half] = await Promise.all([
      sluice([...devices, ...onGpu]),
      sluice([...devices, ...onGpu, "--gpu-layers", "2", "--vram", "1GiB", "--json"]),
      sluice([...devices, ...onGpu, "--gpu-layers", "9"]),
    ]);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text!.stdout).toContain(`\n\nq8_0.gguf on ${name}\n  may be used `);
    expect(text!.stdout).toMatch(/^ {2}experts +all 24 in slots, 153 KiB$/m);
    expect(text!.stdout).toMatch(/\n\nOn the CPU: the embedding\n$/);
    const { model, sizes, placements } = JSON.parse(json!.stdout);
    expect(model).toBe("q8_0.gguf");
    expect(sizes).toEqual({ contextLength: 64, batchTokens: 8, keyValueFormat: "f16" });
    expect(placements).toMatchObject([
      {
        gpus: [{ name, budgetBytes: 2 ** 30, layers: [1, 2], hasOutput: true, slots: 16 }],
        ...{ cpuLayers: [0], cpuHasOutput: false, remarks: [] },
      },
    ]);
    expect(half!.code).toBe(0);
    expect(half!.stdout).toContain(`q8_0.gguf on ${name}: gpuLayers (--gpu-layers) is 9`);
  });
});

test("devices refuses what says something of a model without one, but not the variables", async () => {
  const [typed, set] = await Promise.all([
    sluice(["devices", "--vram", "1GiB"]),
    sluice(["devices"], { env: { SLUICE_VRAM: "1GiB", SLUICE_GPU_LAYERS: "2" } }),
  ]);
  expect(refused(typed)).toEqual({
    code: 2,
    line: "sluice: --vram does nothing without --model",
  });
  expect(set).toMatchObject({ code: 0, stderr: "" });
});

describe.runIf(process.platform === "linux")("without a GPU", () => {
  const cards = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg"];
  const badDriver = { SLUICE_GPU: undefined, VK_ICD_FILENAMES: "/nowhere.json" };

  test("a driver that cannot be loaded is told of once, and the run goes on", async () => {
    const { code, stderr } = await sluice([...run, "--no-map"], { env: badDriver });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^sluice: no GPU is used: .+ \(with --gpu off none is looked for\)\nprefill /,
    );
    const asked = await sluice([...run, "--no-map", "--gpu", "auto"], { env: badDriver });
    expect(asked.stderr).toMatch(/^sluice: no GPU is used: [^()]+\nprefill /);
  });

  test("one that is named is missed", async () => {
    const { code, line } = refused(await sluice([...run, "--gpu", "4070"], { env: badDriver }));
    expect(code).toBe(1);
    expect(line).toMatch(/^sluice: (no GPU driver|the Vulkan loader) /);
  });

  test.skipIf(cards.some((path) => existsSync(path)))(
    "nothing is said where there is none, unless somebody asks",
    async () => {
      const env = { SLUICE_GPU: undefined, VK_ICD_FILENAMES: "", VK_DRIVER_FILES: "" };
      const [silent, asked] = await Promise.all([
        sluice([...run, "--no-map"], { env }),
        sluice([...run, "--no-map", "--gpu", "auto"], { env }),
      ]);
      expect(silent!.stderr).toMatch(/^prefill /);
      expect(asked!.stderr).toMatch(/^sluice: no GPU is used: there is no GPU\nprefill /);
    },
  );
});
