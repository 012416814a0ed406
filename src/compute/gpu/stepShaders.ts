/**
 * How the shaders are dispatched that neither multiply a matrix nor belong to attention: their variants,
 * the order of their parameters and their grids. Bindings are listed in their order; what they hold
 * is in the head of each `gpu/*.wgsl`.
 */
import type { GpuStep, Grid } from "./gpuProgram.ts";
import type { ShaderVariant } from "./shaderLibrary.ts";

/** A dispatch that lacks its buffers. */
export type UnboundStep = Omit<GpuStep, "bindings">;

/** Which activation function `swiglu.wgsl` and `gateUp.wgsl` apply. */
export type GpuActivation = "swiglu" | "swigluClamped" | "geglu";

/** Experts that `topK.wgsl` chooses from at most. */
export const topKExpertLimit = 512;

/** Invocations of a workgroup where a shader works value by value. */
const valuesPerWorkgroup = 256;

/** Rows of at most this many values are normed by small workgroups. */
const narrowRow = 512;

const narrowRows: ShaderVariant = { constants: { workgroupSize: 64 } };
const wideRows: ShaderVariant = { constants: { workgroupSize: 256 } };

/** Bindings: x, gain, output. */
export function rmsNorm(width: number, rows: number, epsilon: number): UnboundStep {
  return {
    shader: "rmsNorm",
    variant: width <= narrowRow ? narrowRows : wideRows,
    parameters: [width, rows, { float: epsilon }],
    grid: grid(rows),
  };
}

/** The encodings that `normEncode.wgsl` knows. */
export type GpuBlockEncoding = "Q8_0" | "Q8_K";

const normEncodings: Readonly<Record<GpuBlockEncoding, Record<"narrow" | "wide", ShaderVariant>>> =
  {
    Q8_0: normEncodingOf("Q8_0"),
    Q8_K: normEncodingOf("Q8_K"),
  };

function normEncodingOf(encoding: GpuBlockEncoding): Record<"narrow" | "wide", ShaderVariant> {
  const choices = { encoding };
  return { narrow: { ...narrowRows, choices }, wide: { ...wideRows, choices } };
}

/** `rmsNorm` and an encoding of what it makes. Bindings: x, gain, output, encoded. */
export function normEncode(
  encoding: GpuBlockEncoding,
  width: number,
  rows: number,
  epsilon: number,
): UnboundStep {
  return {
    shader: "normEncode",
    // As `rmsNorm` has it, whose sums have the order of its workgroups.
    variant: normEncodings[encoding][width <= narrowRow ? "narrow" : "wide"],
    parameters: [width, rows, { float: epsilon }],
    grid: grid(rows),
  };
}

/** Bindings: x, y. */
export function add(count: number): UnboundStep {
  return { shader: "add", parameters: [count], grid: valueGrid(count) };
}

/** Bindings: x, bias. */
export function addBias(width: number, count: number): UnboundStep {
  return { shader: "addBias", parameters: [width, count], grid: valueGrid(count) };
}

/** Bindings: x, output. Eight blocks a workgroup. */
export function encodeQ8_0(columns: number, tokens: number): UnboundStep {
  const workgroups = Math.ceil(columns / 32 / 8);
  return { shader: "encodeQ8_0", parameters: [columns, tokens], grid: [workgroups, tokens] };
}

/** Bindings: x, output. One superblock a workgroup. */
export function encodeQ8_K(columns: number, tokens: number): UnboundStep {
  return { shader: "encodeQ8_K", parameters: [columns, tokens], grid: [columns / 256, tokens] };
}

const roundings: Readonly<Record<"f16" | "bf16", ShaderVariant>> = {
  f16: { choices: { kind: "f16" } },
  bf16: { choices: { kind: "bf16" } },
};

/** Bindings: x, output. */
export function round(kind: "f16" | "bf16", count: number): UnboundStep {
  return {
    shader: "round",
    variant: roundings[kind],
    parameters: [count],
    grid: valueGrid(count),
  };
}

const activations: Readonly<Record<GpuActivation, ShaderVariant>> = {
  swiglu: { choices: { activation: "swiglu" } },
  swigluClamped: { choices: { activation: "swigluClamped" } },
  geglu: { choices: { activation: "geglu" } },
};

/** Bindings: gate, up, output. */
export function swiglu(count: number, activation: GpuActivation = "swiglu"): UnboundStep {
  return {
    shader: "swiglu",
    variant: activations[activation],
    parameters: [count],
    grid: valueGrid(count),
  };
}

export interface MixShape {
  readonly tokens: number;
  /** Experts per token. */
  readonly k: number;
  readonly width: number;
  /** Whether the sum is added to what `output` holds. */
  readonly accumulate: boolean;
}

/** Bindings: rows, rowOf, weights, output. */
export function mix({ tokens, k, width, accumulate }: MixShape): UnboundStep {
  return {
    shader: "mix",
    parameters: [tokens, k, width, accumulate ? 1 : 0],
    grid: valueGrid(tokens * width),
  };
}

export interface TopKShape {
  /** At most `topKExpertLimit`. */
  readonly experts: number;
  /** At most `experts`. */
  readonly k: number;
  readonly renormalise: boolean;
  /** Where this layer's experts begin in `slotOf`. */
  readonly slotOffset: number;
  readonly tokens: number;
}

const topKVariant: ShaderVariant = { constants: { expertLimit: topKExpertLimit } };

/**
 * Bindings: logits, slotOf, ids, weights, groups.
 *
 * @throws RangeError for more experts than the shader has room for
 */
export function topK({ experts, k, renormalise, slotOffset, tokens }: TopKShape): UnboundStep {
  if (experts > topKExpertLimit || k > experts) {
    throw new RangeError(`topK.wgsl cannot choose ${k} of ${experts} experts`);
  }
  return {
    shader: "topK",
    variant: topKVariant,
    parameters: [experts, k, renormalise ? 1 : 0, slotOffset, tokens],
    grid: [tokens],
  };
}

/** Bindings: logits, result. */
export function argmax(count: number, rows: number): UnboundStep {
  return { shader: "argmax", parameters: [count, rows], grid: grid(rows) };
}

function valueGrid(count: number): Grid {
  return grid(Math.ceil(count / valuesPerWorkgroup));
}

/** Workgroups in rows of as many as one dimension may have (`lib/grid.wgsl`). */
export function grid(workgroups: number): Grid {
  const perRow = 65535;
  return workgroups <= perRow ? [workgroups] : [perRow, Math.ceil(workgroups / perRow)];
}
