import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GpuFailureError } from "../../src/compute/gpu/gpuErrors.ts";
import { type gpuFormats, matvecCall } from "../../src/compute/gpu/matvecShaders.ts";
import {
  ShaderLibrary,
  type ShaderVariant,
  shaderText,
} from "../../src/compute/gpu/shaderLibrary.ts";
import { joinShader } from "../../src/compute/gpu/shaderText.ts";
import { nullDevice } from "./nullDevice.ts";

const device = await nullDevice();

function library(): ShaderLibrary {
  return new ShaderLibrary(device.device);
}

function variantFor(format: (typeof gpuFormats)[number], tokens = 1): ShaderVariant {
  const shape = { format, arithmetic: "fast", rows: 64, columns: 256, tokens } as const;
  return matvecCall(shape, { weightBytes: 0 }, device).variant;
}

test("every file comes once, at its first import, and keeps its line numbers", () => {
  const { choices } = matvecCall(
    { format: "IQ4_XS", arithmetic: "exact", rows: 64, columns: 2048, tokens: 1 },
    { weightBytes: 0 },
    { features: new Set(["subgroups"]) },
  ).variant;
  const { text, origins } = joinShader("matvec", choices);
  expect(text).toBe(shaderText("matvec", choices));
  const lines = text.split("\n");
  expect(origins.length).toBe(lines.length);
  for (const [i, { file, line }] of origins.entries()) {
    const source = readFileSync(new URL(`../../gpu/${file}`, import.meta.url), "utf8");
    expect(lines[i]).toBe(source.split("\n")[line - 1]);
  }
  for (const file of new Set(origins.map(({ file }) => file))) {
    const numbers = origins.filter((origin) => origin.file === file).map(({ line }) => line);
    expect(new Set(numbers).size).toBe(numbers.length);
  }
});

test("directives come before everything else, each once", () => {
  const choices = { dot: "decoded", rows: "dense", family: "blocks", format: "MXFP4" };
  const lines = shaderText("matvec", { ...choices, reduce: "subgroup" }).split("\n");
  expect(lines.slice(0, 3).sort()).toEqual([
    "enable subgroups;",
    "requires packed_4x8_integer_dot_product;",
    "requires subgroup_id;",
  ]);
  expect(lines.filter((line) => /^(enable|requires)/.test(line)).length).toBe(3);
});

test("wrong names and choices are told with the line that asks", () => {
  const choices = { dot: "integers", rows: "dense", family: "blocks", format: "Q8_0" };
  const message = (name: string, choices?: Record<string, string>) => {
    try {
      return shaderText(name, choices);
    } catch (error) {
      return String(error);
    }
  };
  expect(message("nosuch")).toMatchInlineSnapshot(
    `"RangeError: there is no shader file gpu/nosuch.wgsl"`,
  );
  expect(message("matvec")).toMatchInlineSnapshot(
    `"RangeError: gpu/matvec.wgsl:13: nothing was chosen as "dot" of dot/\${dot}.wgsl"`,
  );
  expect(message("matvec", { ...choices, format: "Q9_K" })).toMatchInlineSnapshot(
    `"RangeError: gpu/families/blocks.wgsl:16: there is no shader file gpu/formats/Q9_K.wgsl"`,
  );
  expect(message("matvec", { ...choices, format: "../lib/tile" })).toMatchInlineSnapshot(
    `"RangeError: gpu/families/blocks.wgsl:16: "../lib/tile" was chosen as "format" of formats/\${format}.wgsl"`,
  );
  expect(message("matvec", { ...choices, colour: "red" })).toMatchInlineSnapshot(
    `"RangeError: gpu/matvec.wgsl leaves no choice of "colour""`,
  );
});

test("the same variant is the same pipeline, however it is written", async () => {
  const known = library();
  const { choices = {}, constants = {} } = variantFor("Q4_K");
  const backwards = Object.fromEntries(Object.entries(choices).reverse());
  await known.prepare([
    { name: "matvec", variant: variantFor("Q4_K") },
    { name: "matvec", variant: { constants, choices: backwards } },
  ]);
  const pipeline = known.pipeline("matvec", variantFor("Q4_K"));
  expect(known.pipeline("matvec", { constants: { ...constants }, choices: backwards })).toBe(
    pipeline,
  );
  expect(known.pipeline("matvec", variantFor("Q4_K"))).toBe(pipeline);
  expect(known.pipeline("matvec", variantFor("Q4_K", 4))).not.toBe(pipeline);
  expect(known.pipeline("matvec", variantFor("Q5_K"))).not.toBe(pipeline);
});

test("a pipeline that was not prepared is compiled when it is asked for", () => {
  const known = library();
  const pipeline = known.pipeline("matvec", variantFor("Q6_K"));
  expect(known.pipeline("matvec", variantFor("Q6_K"))).toBe(pipeline);
  device.check();
});

test("WGSL that does not compile is told with file, line and column, and spoils nothing", async () => {
  const known = library();
  const choices = { dot: "integers", rows: "dense", family: "blocks", format: "Q4_K" };
  const broken = { name: "matvec", variant: { choices } };
  const good = { name: "matvec", variant: variantFor("Q4_K") };
  const error = await known.prepare([broken, good]).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(GpuFailureError);
  const place = /gpu\/families\/blocks\.wgsl:(\d+):(\d+): /.exec(String(error));
  const [line, column] = [Number(place?.[1]), Number(place?.[2])];
  const source = readFileSync(new URL("../../gpu/families/blocks.wgsl", import.meta.url), "utf8");
  expect(source.split("\n")[line - 1].slice(column - 1)).toMatch(/^(quants|Share)\(/);
  await known.prepare([good]);
  device.check();
});

test("a pipeline that the device refuses is told by its variant", async () => {
  const { choices = {} } = variantFor("Q4_K");
  const tooLarge = { name: "matvec", variant: { choices, constants: { WORKGROUP: 4096 } } };
  await expect(library().prepare([tooLarge])).rejects.toMatchObject({
    code: "gpu-error",
    message: expect.stringMatching(/gpu\/matvec\.wgsl\(.*format=Q4_K.*WORKGROUP=4096\): /),
  });
  const unknown = { name: "matvec", variant: { choices, constants: { COLOUR: 1 } } };
  await expect(library().prepare([unknown])).rejects.toThrow(/COLOUR/);
  device.check();
});
