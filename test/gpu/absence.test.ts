/** Why there is no GPU: every cause is told in one line, and takes nothing down with it. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { reportOf } from "../../src/compute/gpu/probeRun.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { runProgram } from "./runProgram.ts";

describe("what the probe found", () => {
  const sound = { code: 0, signal: null, timedOut: false, stdout: "", stderr: "" } as const;
  const empty = '\n{"adapters":[],"broken":[]}\n';

  test("is read past what a driver prints", () => {
    const { absence } = reportOf({ ...sound, stdout: `a driver's greeting${empty}` });
    expect(absence?.reason).toBe("adapter-missing");
  });

  test("of a driver that is too old is said in a line", () => {
    // As Dawn 0.6.2 speaks of Mesa 22.3.6's lavapipe.
    const stderr =
      "Warning: Vulkan shaderUniform*ArrayDynamicIndexing required.\n" +
      " - While initializing adapter (backend=BackendType::Vulkan)\n    at InitializeImpl (x.cpp:257)\n\n";
    expect(reportOf({ ...sound, stdout: empty, stderr }).absence).toMatchInlineSnapshot(`
      {
        "message": "a GPU's driver is too old for WebGPU (Vulkan shaderUniform*ArrayDynamicIndexing required); a newer driver mends it",
        "reason": "driver-too-old",
      }
    `);
  });

  test("is that nothing can be said when it crashed, hung, or printed nonsense", () => {
    const ends = [
      { ...sound, code: null, signal: "SIGSEGV", stdout: empty },
      { ...sound, code: 0xc0000005, stdout: "" },
      { ...sound, code: 1, stdout: "" },
      { ...sound, stdout: "hello" },
      { ...sound, timedOut: true },
    ] as const;
    expect(ends.map((end) => reportOf(end).absence)).toMatchInlineSnapshot(`
      [
        {
          "message": "the GPU driver crashed when it was tried (SIGSEGV)",
          "reason": "probe-failed",
        },
        {
          "message": "the GPU driver crashed when it was tried (3221225477)",
          "reason": "probe-failed",
        },
        {
          "message": "the probe for GPUs gave no answer (exit code 1)",
          "reason": "probe-failed",
        },
        {
          "message": "the probe for GPUs gave no answer (exit code 0)",
          "reason": "probe-failed",
        },
        {
          "message": "no GPU driver answered within 30 s",
          "reason": "probe-failed",
        },
      ]
    `);
  });
});

describe("without what WebGPU needs", () => {
  const scratch = scratchFolder();
  const report = `const { devices, obstacle } = await selectAdapters("auto");
    say(devices.length, obstacle.reason, "|", obstacle.message);
    await told(selectAdapters("4070"));`;

  /** Where there are no cards, `auto` asks only if drivers are named. */
  const someDriver = { VK_ICD_FILENAMES: process.env["VK_ICD_FILENAMES"] ?? "/nowhere.json" };

  /** Resolves modules as `rule` says, in the process and in the probe that it starts. */
  async function withResolution(rule: string, program = report): Promise<string[]> {
    const hook = join(scratch, "resolution.mjs");
    writeFileSync(
      hook,
      `import { registerHooks } from "node:module";
       registerHooks({ resolve: (name, context, next) => { ${rule} return next(name, context); } });`,
    );
    const ending = await runProgram(program, {
      NODE_OPTIONS: `--import=${pathToFileURL(hook)}`,
      ...someDriver,
    });
    expect(ending).toMatchObject({ code: 0, stderr: "" });
    return ending.stdout.trimEnd().split("\n");
  }

  test("the package is asked for", async () => {
    const rule = `if (name === "webgpu") return next("webgpu-that-nobody-has", context);`;
    expect(await withResolution(rule)).toMatchInlineSnapshot(`
      [
        "0 package-missing | the package "webgpu" is not installed; "npm install webgpu" brings it",
        "gpu-unavailable | the package "webgpu" is not installed; "npm install webgpu" brings it",
      ]
    `);
  });

  test("a package without a build for this system says so", async () => {
    const rule = `if (name.endsWith("dawn.node")) return next("/nowhere/dawn.node", context);`;
    const [auto] = await withResolution(rule);
    expect(auto).toMatch(/^0 platform-not-built \| the package "webgpu" has no build for \w+-\w+$/);
  });

  test("a broken package says how", async () => {
    const addon = join(scratch, "broken.node");
    writeFileSync(addon, "not a library");
    const [auto] = await withResolution(
      `if (name.endsWith("dawn.node")) return next(${JSON.stringify(addon)}, context);`,
    );
    expect(auto).toMatch(/^0 addon-broken \| the package "webgpu" cannot be loaded \(.+\); "npm/);
  });

  test("a driver that crashes takes only the probe with it", async () => {
    const crash = join(scratch, "crash.mjs");
    writeFileSync(crash, "export const create = () => process.abort();");
    const rule = `if (name === "webgpu") return next(${JSON.stringify(pathToFileURL(crash).href)}, context);`;
    expect(await withResolution(rule)).toEqual([
      "0 probe-failed | the GPU driver crashed when it was tried (SIGABRT)",
      "gpu-unavailable | the GPU driver crashed when it was tried (SIGABRT)",
    ]);
  });

  test("nothing is loaded while the GPU is off, or when the library is imported", async () => {
    const library = JSON.stringify(new URL("../../src/index.ts", import.meta.url));
    const rule = `if (name === "webgpu") process.stdout.write("loaded ");`;
    const program = `
      await import(${library});
      say((await selectAdapters("off")).devices.length);
      await told(GpuDevice.open({ backend: "null" }));`;
    const lines = await withResolution(rule, program);
    expect(lines).toEqual(["0", "loaded done"]);
  });

  const linux = process.platform === "linux";

  test.runIf(linux)("a loader without drivers says where it looked", async () => {
    const ending = await runProgram(report, { VK_ICD_FILENAMES: "/nowhere.json" });
    expect(ending).toMatchObject({ code: 0, stderr: "" });
    // Where the loader is missing as well, that is said.
    expect(ending.stdout).toMatch(
      /^0 driver-missing \| no GPU driver can be loaded from where VK_ICD_FILENAMES points\n|^0 loader-missing \|/,
    );
    expect(ending.stdout).toMatch(/\ngpu-unavailable \| /);
  });

  /** The loader is found by this variable alone. */
  const path = process.env["LD_LIBRARY_PATH"] ?? "";
  const loaderByPath =
    linux && path.split(":").some((folder) => existsSync(join(folder, "libvulkan.so.1")));

  test.runIf(loaderByPath)("a missing loader is named", async () => {
    const ending = await runProgram(report, { LD_LIBRARY_PATH: "", ...someDriver });
    expect(ending).toMatchObject({ code: 0, stderr: "" });
    expect(ending.stdout).toMatchInlineSnapshot(`
      "0 loader-missing | the Vulkan loader is not installed; "apt install libvulkan1" or "dnf install vulkan-loader" brings it
      gpu-unavailable | the Vulkan loader is not installed; "apt install libvulkan1" or "dnf install vulkan-loader" brings it
      "
    `);
  });

  test.runIf(linux)("a device is refused with a typed error", async () => {
    const { stdout, code } = await runProgram("await told(GpuDevice.open());", {
      VK_ICD_FILENAMES: "/nowhere.json",
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "gpu-unavailable | no GPU was found\n" });
  });
});
