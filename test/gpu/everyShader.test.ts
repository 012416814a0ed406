/** Every WGSL file compiles, and every pipeline can be made, on a device that executes nothing. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  gateUpCall,
  gpuFormats,
  type MatvecAdapter,
  type MatvecShape,
  matvecCall,
  matvecsCall,
  mixDownCall,
  type ShaderCall,
} from "../../src/compute/gpu/matvecShaders.ts";
import { ShaderLibrary, type WantedPipeline } from "../../src/compute/gpu/shaderLibrary.ts";
import { joinShader, type ShaderChoices } from "../../src/compute/gpu/shaderText.ts";
import { nullDevice } from "./nullDevice.ts";

const folder = new URL("../../gpu/", import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".wgsl"));
/** The files that have an entry point; all others are imported. */
const shaders = files.filter((file) => !file.includes("/")).map((file) => file.slice(0, -5));

const device = await nullDevice();

test.each(shaders)("%s compiles in all its variants", async (name) => {
  const wanted = variantsOf(name);
  expect(wanted.length).toBeGreaterThan(0);
  await new ShaderLibrary(device.device).prepare(wanted);
  device.check();
});

test("every file is part of a shader", () => {
  const used = shaders
    .flatMap(variantsOf)
    .flatMap(({ name, variant }) => joinShader(name, variant?.choices).origins)
    .map(({ file }) => file);
  expect([...new Set(used)].sort()).toEqual(files.sort());
});

test("every file says at its head what it is", () => {
  for (const file of files) {
    expect(readFileSync(new URL(file, folder), "utf8"), file).toMatch(/^\/\/ /);
  }
});

function variantsOf(name: string): WantedPipeline[] {
  if (Object.hasOwn(matrixShaders, name)) return matrixVariants(name as MatrixShader);
  return choicesOf(name).map((choices) => ({ name, variant: { choices } }));
}

const place = { weightBytes: 0, upBytes: 0 };
const one = { rows: 2048, weightBytes: 0 };
const matrixShaders = {
  matvec: (shape, adapter) => matvecCall(shape, place, adapter),
  gateUp: (shape, adapter) => gateUpCall(shape, place, adapter),
  matvecs: ({ groups: _, ...shape }, adapter) => matvecsCall(shape, [one, one], adapter),
  mixDown: (shape, adapter) => mixDownCall(shape, place, { k: 8, accumulate: true }, adapter),
} satisfies Record<
  ShaderCall["shader"],
  (shape: MatvecShape, adapter: MatvecAdapter) => ShaderCall
>;
type MatrixShader = keyof typeof matrixShaders;

/** Not all combinations of their choices fit together: those that a model can come to need. */
function matrixVariants(name: MatrixShader): WantedPipeline[] {
  const wanted: WantedPipeline[] = [];
  for (const format of gpuFormats) {
    for (const arithmetic of ["exact", "fast"] as const) {
      for (const tokens of [1, 4]) {
        for (const grouped of [{}, { groups: 8 }]) {
          for (const features of [[], ["subgroups"]]) {
            const shape = { format, arithmetic, rows: 2048, columns: 2048, tokens, ...grouped };
            const adapter = { features: new Set(features) };
            wanted.push({ name, variant: matrixShaders[name](shape, adapter).variant });
          }
        }
      }
    }
  }
  if (name !== "gateUp") return wanted;
  const shape = { format: "Q4_K", arithmetic: "fast", rows: 64, columns: 256, tokens: 1 } as const;
  for (const activation of ["swigluClamped", "geglu"] as const) {
    wanted.push({ name, variant: gateUpCall(shape, { ...place, activation }, device).variant });
  }
  return wanted;
}

/** Every way to choose among the files that a shader's open imports name. */
function choicesOf(name: string, choices: ShaderChoices = {}): ShaderChoices[] {
  try {
    joinShader(name, choices);
    return [choices];
  } catch (error) {
    const open = /nothing was chosen as "(\w+)" of (.*)\$\{\1\}/.exec(String(error));
    if (open === null) throw error;
    const [, word, start] = open as unknown as [string, string, string];
    const fitting = files.filter((file) => file.startsWith(start) && file.endsWith(".wgsl"));
    return fitting.flatMap((file) =>
      choicesOf(name, { ...choices, [word]: file.slice(start.length, -5) }),
    );
  }
}
