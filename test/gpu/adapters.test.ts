/** Which GPUs are found, and which of them are used. */
import { existsSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type Adapter,
  type AdapterList,
  chooseAdapters,
  listAdapters,
  mayHaveGpu,
  selectAdapters,
} from "../../src/compute/gpu/gpuAdapters.ts";
import { GpuDevice } from "../../src/compute/gpu/gpuDevice.ts";
import { SluiceError } from "../../src/support/errors.ts";
import { errorOf } from "../support/errorOf.ts";
import { linesOf, runProgram } from "./runProgram.ts";
import { testAdapter } from "./testDevice.ts";

const gibibyte = 2 ** 30;

const described = {
  backend: "vulkan",
  sameNameCount: 1,
  architecture: "",
  driver: "",
  subgroupSizes: { least: 32, most: 32 },
  limits: {} as Adapter["limits"],
  features: [],
};

function adapter(name: string, type: Adapter["type"], bytes: number): Adapter {
  const memory = { bytes, freeBytes: bytes / 2, source: "nvidia-smi" } as const;
  return { ...described, name, type, vendor: "", isCpu: type === "cpu", memory };
}

const card = adapter("NVIDIA GeForce RTX 4070", "discrete", 12 * gibibyte);
const largeCard = adapter("NVIDIA RTX A6000", "discrete", 48 * gibibyte);
const inProcessor = adapter("Intel(R) UHD Graphics 770", "integrated", 64 * gibibyte);
const software = adapter("llvmpipe (LLVM 15.0.7, 256 bits)", "cpu", 8 * gibibyte);

const all: AdapterList = {
  adapters: [software, inProcessor, card, largeCard],
  broken: [],
  absence: undefined,
};
const nothing: AdapterList = {
  adapters: [],
  broken: [],
  absence: { reason: "driver-missing", message: "no GPU driver with Vulkan is installed" },
};

function chosen(spec: string, list: AdapterList = all): string[] {
  return chooseAdapters(spec, list).devices.map(({ label }) => label);
}

function refusal(spec: string, list: AdapterList = all): string {
  try {
    return `none: ${chosen(spec, list)}`;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe("auto", () => {
  test("takes the card with most memory", () => {
    expect(chosen("auto")).toEqual([largeCard.name]);
    expect(chosen("auto", { ...all, adapters: [inProcessor, software] })).toEqual([
      inProcessor.name,
    ]);
  });

  test("takes no adapter that computes on the CPU, and says so", () => {
    const choice = chooseAdapters("auto", { ...all, adapters: [software] });
    expect(choice).toMatchInlineSnapshot(`
      {
        "devices": [],
        "obstacle": {
          "message": "llvmpipe (LLVM 15.0.7, 256 bits) computes on the CPU, where Sluice's own kernels are faster; it is used when --gpu names it",
          "reason": "only-cpu-adapters",
        },
      }
    `);
  });

  test("says what was found instead", () => {
    expect(chooseAdapters("auto", nothing).obstacle).toEqual(nothing.absence);
    const broken = [{ name: "Radeon", backend: "vulkan", fault: "it cannot be opened: no" }];
    const choice = chooseAdapters("auto", { adapters: [software], broken, absence: undefined });
    expect(choice.obstacle?.message).toBe("Radeon does not work: it cannot be opened: no");
    // A card's driver that is too old explains more than the software adapter that is left.
    const absence = { reason: "driver-too-old", message: "too old" } as const;
    const old = chooseAdapters("auto", { adapters: [software], broken: [], absence });
    expect(old.obstacle).toEqual(absence);
  });
});

describe("a name", () => {
  test("is a part of an adapter's name, in whatever case", () => {
    expect(chosen("4070")).toEqual([card.name]);
    expect(chosen("LLVMpipe")).toEqual([software.name]);
    expect(chosen(" a6000 , uhd")).toEqual([largeCard.name, inProcessor.name]);
  });

  test("may have commas in it", () => {
    expect(chosen("LLVM 15.0.7, 256 bits")).toEqual([software.name]);
  });

  test("that is the whole name of one wins over those it is a part of", () => {
    const longer = adapter(`${card.name} Ti`, "discrete", 16 * gibibyte);
    expect(chosen(card.name, { ...all, adapters: [longer, card] })).toEqual([card.name]);
  });

  test("given twice makes two devices that share the memory", () => {
    const { devices } = chooseAdapters("4070,4070", all);
    expect(devices.map(({ label, memory }) => [label, memory.bytes, memory.freeBytes])).toEqual([
      [card.name, 6 * gibibyte, 3 * gibibyte],
      [`${card.name} #2`, 6 * gibibyte, 3 * gibibyte],
    ]);
  });

  test("that fits none or several is refused, and says which there are", () => {
    expect([
      refusal("radeon"),
      refusal("nvidia"),
      refusal(""),
      refusal("4070,,4070"),
      refusal("4070", nothing),
      refusal("4070", { ...all, broken: [{ name: "RTX 5090", backend: "vulkan", fault: "x" }] }),
      refusal("5090", { ...all, broken: [{ name: "RTX 5090", backend: "vulkan", fault: "x" }] }),
    ]).toMatchInlineSnapshot(`
      [
        "bad-option: there is no GPU "radeon" but llvmpipe (LLVM 15.0.7, 256 bits), Intel(R) UHD Graphics 770, NVIDIA GeForce RTX 4070, or NVIDIA RTX A6000",
        "bad-option: the GPU "nvidia" may be NVIDIA GeForce RTX 4070 or NVIDIA RTX A6000",
        "bad-option: there is no GPU "" but llvmpipe (LLVM 15.0.7, 256 bits), Intel(R) UHD Graphics 770, NVIDIA GeForce RTX 4070, or NVIDIA RTX A6000",
        "bad-option: there is no GPU "" but llvmpipe (LLVM 15.0.7, 256 bits), Intel(R) UHD Graphics 770, NVIDIA GeForce RTX 4070, or NVIDIA RTX A6000",
        "gpu-unavailable: no GPU driver with Vulkan is installed",
        "none: NVIDIA GeForce RTX 4070",
        "bad-option: there is no GPU "5090" but llvmpipe (LLVM 15.0.7, 256 bits), Intel(R) UHD Graphics 770, NVIDIA GeForce RTX 4070, or NVIDIA RTX A6000 (RTX 5090 does not work: x)",
      ]
    `);
  });
});

describe("on this machine", async () => {
  const found = await testAdapter();

  test("an adapter has all that a device needs to know", async () => {
    expect(found).toMatchObject({
      name: expect.stringMatching(/./),
      limits: { maxStorageBuffersPerShaderStage: expect.any(Number) },
      memory: { bytes: expect.any(Number) },
    });
    for (const limit of ["maxBufferSize", "maxStorageBufferBindingSize"] as const) {
      expect(found!.limits[limit] % 16).toBe(0);
      expect(found!.limits[limit]).toBeGreaterThanOrEqual(128 * 2 ** 20);
    }
    expect(await listAdapters()).toBe(await listAdapters());
  });

  test("two devices of one adapter compute side by side", async () => {
    const { devices } = await selectAdapters(`${found!.name},${found!.name}`);
    expect(devices).toHaveLength(2);
    const opened = await Promise.all(
      devices.map((one) => GpuDevice.open(one, { label: one.label })),
    );
    const bytes = opened.map(async (device, index) => {
      await using open = device;
      const buffer = await open.createBuffer(16, 0x8c, "test");
      open.write(buffer, 0, Uint8Array.of(index));
      return (await open.read(buffer, 0, 1))[0];
    });
    expect(await Promise.all(bytes)).toEqual([0, 1]);
    expect(opened.map(({ label }) => label)).toEqual([found!.name, `${found!.name} #2`]);
  });

  test("a name that no adapter has is bad usage", async () => {
    expect(await errorOf(selectAdapters("\u0001"))).toMatch(/^bad-option: there is no GPU /);
  });
});

describe("whether a machine may have a GPU", () => {
  afterEach(() => vi.unstubAllEnvs());
  const has = (...paths: string[]) => mayHaveGpu("linux", (path) => paths.includes(path));
  const name = (variable: string) => {
    vi.stubEnv("VK_DRIVER_FILES", undefined);
    vi.stubEnv("VK_ICD_FILENAMES", undefined);
    if (variable !== "") vi.stubEnv(variable, "/driver.json");
  };

  test("is seen by its files under Linux, or by the drivers that somebody names", () => {
    name("");
    expect(has()).toBe(false);
    expect(["/dev/dri", "/dev/nvidiactl", "/dev/dxg"].map((path) => has(path))).toEqual(
      new Array(3).fill(true),
    );
    for (const variable of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]) {
      name(variable);
      expect(has()).toBe(true);
    }
  });

  test("is not known elsewhere without asking", () => {
    name("");
    expect(mayHaveGpu("darwin", () => false)).toBe(true);
    expect(mayHaveGpu("win32", () => false)).toBe(true);
  });
});

test.runIf(process.platform === "linux")(
  "without one, auto starts no process to ask in",
  async () => {
    const body = `
    import { subscribe } from "node:diagnostics_channel";
    let processes = 0;
    subscribe("child_process", () => processes++);
    const { devices, obstacle } = await selectAdapters("auto");
    say(devices.length, obstacle.reason, obstacle.message, processes);`;
    const { code, stdout } = await runProgram(body, { VK_DRIVER_FILES: "", VK_ICD_FILENAMES: "" });
    expect(code).toBe(0);
    if (mayHaveCard()) expect(stdout).toMatch(/ [1-9]\n$/);
    else expect(stdout).toBe("0 adapter-missing there is no GPU 0\n");
  },
);

function mayHaveCard(): boolean {
  return ["/dev/dri", "/dev/nvidiactl", "/dev/dxg"].some((path) => existsSync(path));
}

test("a probe is run once, and only when somebody asks", async () => {
  const body = `
    import { subscribe } from "node:diagnostics_channel";
    let processes = 0;
    subscribe("child_process", () => processes++);
    await selectAdapters("off");
    say(processes);
    const [list] = await Promise.all([listAdapters(), listAdapters()]);
    const asked = processes;
    await selectAdapters("auto");
    // Besides the probe, tools are asked how much memory there is.
    say(asked <= 1 + list.adapters.length, processes - asked);`;
  expect(await linesOf(body)).toEqual(["0", "true 0"]);
});
