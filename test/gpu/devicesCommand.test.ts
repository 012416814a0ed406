/** `sluice devices`: as a table and as JSON, with GPUs and without. */
import { describe, expect, test } from "vitest";
import { sluice } from "../cli/sluice.ts";
import { testAdapter } from "./testDevice.ts";

async function devices(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await sluice(["devices", ...args], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

const cpu = /^CPU: \d+ threads?, (relaxed|plain) SIMD kernels, .+ of .+ RAM free$/;

describe("with a GPU", async () => {
  const adapter = await testAdapter();

  test("it is a row of a table", async () => {
    const [head, ...lines] = (await devices()).trimEnd().split("\n");
    expect(head).toMatch(/^GPU +type +backend +memory +free +told by +buffer +binding +can$/);
    const row = lines.find((line) => line.startsWith(adapter!.name));
    expect(row).toMatch(new RegExp(` {2}${adapter!.type} +${adapter!.backend} `));
    expect(row).toMatch(/ \d[\d.]+ [KMGT]iB +[\d.]+ [KMGT]iB {2}\S.*$/);
    expect(lines.at(-2)).toMatch(/^Used without --gpu: /);
    expect(lines.at(-1)).toMatch(cpu);
  });

  test("JSON has everything", async () => {
    const text = await devices(["--json"]);
    expect(text.match(/\n/g)).toHaveLength(1);
    const { gpus, broken, auto, obstacle, cpu: processor } = JSON.parse(text);
    const { memory, ...facts } = adapter!;
    expect(gpus).toContainEqual(expect.objectContaining(facts));
    expect(gpus[0].memory).toMatchObject({ source: memory.source });
    expect(broken).toEqual([]);
    expect(auto === null).toBe(obstacle !== null);
    expect(processor).toMatchObject({
      threads: expect.any(Number),
      kernels: expect.stringMatching(/^(relaxed|plain)$/),
      ramBytes: expect.any(Number),
      freeRamBytes: expect.any(Number),
    });
  });
});

describe.runIf(process.platform === "linux")("without a GPU", () => {
  const env = { VK_ICD_FILENAMES: "/nowhere.json" };

  test("a line says why, and that is no failure", async () => {
    const [none, processor, ...more] = (await devices([], env)).trimEnd().split("\n");
    // Where the loader is missing as well, that is said.
    expect(none).toMatch(
      /^No GPU: (no GPU driver can be loaded from where VK_ICD_FILENAMES points|the Vulkan loader is not installed; .+)$/,
    );
    expect(processor).toMatch(cpu);
    expect(more).toEqual([]);
  });

  test("JSON has the reason", async () => {
    expect(JSON.parse(await devices(["--json"], env))).toMatchObject({
      gpus: [],
      broken: [],
      auto: null,
      obstacle: {
        reason: expect.stringMatching(/^(driver|loader)-missing$/),
        message: expect.stringMatching(/Vulkan|VK_/),
      },
    });
  });
});
