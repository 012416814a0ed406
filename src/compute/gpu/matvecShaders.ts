/**
 * How the shaders that multiply matrices are run: which formats they know, which variant suits a
 * product, with how many workgroups. No choice made here changes a bit of `fast` results.
 *
 * Bindings of `matvec` and `gateUp`: 0 weights, 1 input, 2 output; grouped 3 groups, 4 input rows; then,
 * always at 5, the parameters. Those of the others are with them.
 */
import type { FormatName } from "../../numerics/formats/blockFormat.ts";
import type { Arithmetic } from "../cpu/encodings.ts";
import type { Grid } from "./gpuProgram.ts";
import type { ShaderVariant } from "./shaderLibrary.ts";

/** A product as the shaders see it. */
export interface MatvecShape {
  readonly format: FormatName;
  readonly arithmetic: Arithmetic;
  /** Of the matrix, or of each of the two of `gateUp`. */
  readonly rows: number;
  readonly columns: number;
  /** Rows of the input; grouped, of the largest group. */
  readonly tokens: number;
  /** Matrices in slots, each with rows of its own. Absent: one matrix with all rows. */
  readonly groups?: number;
}

export interface MatvecPlace {
  /** Byte offset of the matrix, or of this part within a slot: a multiple of 4. */
  readonly weightBytes: number;
  /** Bytes from slot to slot: a multiple of 4. */
  readonly slotBytes?: number;
  /** Output row r reads input row r, not input row `inputRows[r]`. */
  readonly inputByRow?: boolean;
  /** f32 from one output row to the next. @default shape.rows */
  readonly outputStride?: number;
  /** f32 before the first. @default 0 */
  readonly outputOffset?: number;
}

/** The capabilities of an adapter that choices depend on. */
export interface MatvecAdapter {
  readonly features: ReadonlySet<string>;
}

/** All of a dispatch but its bindings. */
export interface ShaderCall {
  readonly shader: "matvec" | "gateUp" | "matvecs" | "mixDown";
  readonly variant: ShaderVariant;
  readonly parameters: readonly number[];
  readonly grid: Grid;
}

export type GateActivation = "swiglu" | "swigluClamped" | "geglu";

type Family = "blocks" | "superblocks" | "floats";

const families: Partial<Record<FormatName, Family>> = {
  F32: "floats",
  F16: "floats",
  BF16: "floats",
  Q8_0: "blocks",
  Q4_0: "blocks",
  Q4_1: "blocks",
  Q5_0: "blocks",
  Q5_1: "blocks",
  IQ4_NL: "blocks",
  MXFP4: "blocks",
  Q2_K: "superblocks",
  Q3_K: "superblocks",
  Q4_K: "superblocks",
  Q5_K: "superblocks",
  Q6_K: "superblocks",
  IQ4_XS: "superblocks",
};

/** The formats that GPUs multiply; matrices of the others stay on the CPU. */
export const gpuFormats: readonly FormatName[] = Object.keys(families) as FormatName[];

/** Values that an invocation takes at a time, and the most of such shares before lanes are added. */
const shares: Readonly<Record<Family, { readonly values: number; readonly depth: number }>> = {
  floats: { values: 4, depth: 1 },
  blocks: { values: 8, depth: 2 },
  superblocks: { values: 32, depth: 2 },
};

const workgroup = 64;
/** Enough to keep a large GPU busy: with fewer, each should have less to do. */
const plentyOfWorkgroups = 512;
/** Of a grid, in each dimension: what every adapter allows. */
const gridLimit = 65_535;

/** output (+)= weights . input. `accumulate` adds to what is there, with one rounding. */
export function matvecCall(
  shape: MatvecShape,
  place: MatvecPlace & { readonly accumulate?: boolean },
  adapter: MatvecAdapter,
): ShaderCall {
  const { variant, grid } = planOf(shape, adapter);
  const parameters = [...commonParameters(shape, place), place.accumulate === true ? 1 : 0];
  return { shader: "matvec", variant, parameters, grid };
}

/** output = activate(gate . input, up . input); `weightBytes` is the gate's, `upBytes` the other's. */
export function gateUpCall(
  shape: MatvecShape,
  place: MatvecPlace & { readonly upBytes: number; readonly activation?: GateActivation },
  adapter: MatvecAdapter,
): ShaderCall {
  const { variant, grid } = planOf(shape, adapter, place.activation ?? "swiglu");
  const parameters = [...commonParameters(shape, place), place.upBytes];
  return { shader: "gateUp", variant, parameters, grid };
}

/** One of several matrices that have their format, their columns and their input in common. */
export interface SiblingMatrix {
  readonly rows: number;
  readonly weightBytes: number;
}

/**
 * The products of two or three matrices of one buffer, each as `matvecCall` has it.
 *
 * Bindings: weights, input, the first's output, the second's, the third's (or any other buffer).
 */
export function matvecsCall(
  shape: Omit<MatvecShape, "rows" | "groups">,
  matrices: readonly SiblingMatrix[],
  adapter: MatvecAdapter,
): ShaderCall {
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  const { variant, grid } = planOf({ ...shape, rows }, adapter);
  const [first, second, third = { rows: 0, weightBytes: 0 }] = matrices;
  if (first === undefined || second === undefined || matrices.length > 3) {
    throw new RangeError(`matvecs.wgsl multiplies two or three matrices, not ${matrices.length}`);
  }
  const parameters = [
    ...[first.weightBytes, first.rows, shape.columns, shape.tokens],
    ...[second.weightBytes, second.rows, third.weightBytes, third.rows],
  ];
  const { WORKGROUP, LANES, ROWS } = variant.constants as Record<
    "WORKGROUP" | "LANES" | "ROWS",
    number
  >;
  const tileRows = (WORKGROUP / LANES) * ROWS;
  // A tile has rows of one matrix only.
  const tiles = matrices.reduce((sum, matrix) => sum + Math.ceil(matrix.rows / tileRows), 0);
  const [x, y] = rowGrid(tiles);
  return { shader: "matvecs", variant, parameters, grid: [x, y, grid[2] ?? 1] };
}

/**
 * The weighted sum of a token's k products, one of each group: input row j is that of group j.
 *
 * Bindings: weights, input, output, groups, input rows (not looked at), the weights f32 [k].
 */
export function mixDownCall(
  shape: Omit<MatvecShape, "tokens" | "groups">,
  place: Pick<MatvecPlace, "weightBytes" | "slotBytes">,
  { k, accumulate }: { readonly k: number; readonly accumulate: boolean },
  adapter: MatvecAdapter,
): ShaderCall {
  const { variant, grid } = planOf({ ...shape, tokens: 1, groups: 1 }, adapter);
  const parameters = [
    ...[place.weightBytes, shape.rows, shape.columns, place.slotBytes ?? 0],
    ...[1, k, accumulate ? 1 : 0],
  ];
  return { shader: "mixDown", variant, parameters, grid };
}

/** In the order of both shaders' `Parameters`. */
function commonParameters(shape: MatvecShape, place: MatvecPlace): number[] {
  return [
    place.weightBytes,
    shape.rows,
    shape.columns,
    shape.tokens,
    place.slotBytes ?? 0,
    place.inputByRow === true ? 1 : 0,
    place.outputStride ?? shape.rows,
    place.outputOffset ?? 0,
  ];
}

interface Plan {
  readonly variant: ShaderVariant;
  readonly grid: Grid;
}

/** A token asks for hundreds of products, and the next one for the same. */
const plans = new Map<string, Plan>();

/** @param activation of `gateUp`, whose tiles have rows of two matrices */
function planOf(shape: MatvecShape, adapter: MatvecAdapter, activation?: GateActivation): Plan {
  const { format, arithmetic, rows, columns, tokens, groups } = shape;
  const subgroups = adapter.features.has("subgroups");
  const key = `${format} ${arithmetic} ${rows} ${columns} ${tokens} ${groups} ${subgroups} ${activation}`;
  let plan = plans.get(key);
  if (plan === undefined) {
    const matrices = activation === undefined ? 1 : 2;
    const tiling = tilingOf(shape, matrices, subgroups);
    plan = {
      variant: variantOf(shape, tiling, activation),
      grid: gridOf(shape, tiling, tiling.tileRows / matrices),
    };
    plans.set(key, plan);
  }
  return plan;
}

/** The constants of `gpu/lib/tile.wgsl`, and what follows from them. */
interface Tiling {
  readonly family: Family;
  readonly lanes: number;
  readonly rows: number;
  readonly tokens: number;
  readonly depth: number;
  readonly tileRows: number;
  readonly subgroups: boolean;
}

function tilingOf(shape: MatvecShape, matrices: 1 | 2, hasSubgroups: boolean): Tiling {
  const family = familyOf(shape.format);
  const { values, depth: mostDepth } = shares[family];
  const rowShares = Math.ceil(shape.columns / values);
  // There must be a lane for each strand of a team, which has up to four rows and four tokens.
  const lanes = Math.min(workgroup, Math.max(16, 2 ** Math.floor(Math.log2(rowShares))));
  const teams = workgroup / lanes;
  const subgroups = hasSubgroups && lanes === workgroup;
  const common = { family, lanes, subgroups };
  if (shape.tokens > 1) {
    // Whatever the batch, so that all share their pipelines. Products of floats take more room.
    const rows = family === "floats" ? 2 : 4;
    return { ...common, rows, tokens: 4, depth: 1, tileRows: teams * rows };
  }
  const matrixRows = shape.rows * matrices * (shape.groups ?? 1);
  let rows = 4;
  while (rows > matrices && matrixRows / (teams * rows) < plentyOfWorkgroups) rows /= 2;
  const depth = Math.min(mostDepth, Math.ceil(rowShares / lanes));
  return { ...common, rows, tokens: 1, depth, tileRows: teams * rows };
}

function familyOf(format: FormatName): Family {
  const family = families[format];
  if (family === undefined) throw new RangeError(`no shader multiplies ${format}`);
  return family;
}

function gridOf(shape: MatvecShape, { tokens }: Tiling, rowsEach: number): Grid {
  const workgroups = Math.ceil(shape.rows / rowsEach);
  const [x, y] = rowGrid(workgroups);
  if (shape.groups !== undefined) return [x, y, shape.groups];
  // A workgroup goes through all tokens, so that weights stay near it, unless that leaves GPUs idle.
  const tiles = Math.ceil(shape.tokens / tokens);
  return [x, y, Math.max(1, Math.min(tiles, Math.ceil(plentyOfWorkgroups / workgroups)))];
}

function rowGrid(workgroups: number): readonly [x: number, y: number] {
  const x = Math.min(workgroups, gridLimit);
  return [x, Math.ceil(workgroups / x)];
}

/** One object for equal variants: pipelines are looked up by it. */
const variants = new Map<string, ShaderVariant>();

function variantOf(shape: MatvecShape, tiling: Tiling, activation?: GateActivation): ShaderVariant {
  const dot = shape.arithmetic === "exact" ? "decoded" : dotOf(tiling.family);
  const choices = {
    dot,
    family: tiling.family,
    format: shape.format,
    rows: shape.groups === undefined ? "dense" : "grouped",
    ...(dot === "decoded" && { reduce: tiling.subgroups ? "subgroup" : "workgroup" }),
    ...(activation !== undefined && { activation }),
  };
  const constants = {
    WORKGROUP: workgroup,
    LANES: tiling.lanes,
    ROWS: tiling.rows,
    TOKENS: tiling.tokens,
    ...(dot !== "decoded" && { DEPTH: tiling.depth }),
  };
  const key = [...Object.values(choices), ...Object.values(constants)].join();
  const known = variants.get(key);
  if (known !== undefined) return known;
  const variant = { choices, constants };
  variants.set(key, variant);
  return variant;
}

function dotOf(family: Family): "ordered" | "integers" {
  return family === "floats" ? "ordered" : "integers";
}
