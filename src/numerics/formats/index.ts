/**
 * The registry of weight formats. A new format is one constant in a file of this folder, one line
 * here and one fixture.
 */
import type { BlockFormat, FormatName } from "./blockFormat.ts";
import { IQ2_S, IQ2_XS, IQ2_XXS, IQ3_S, IQ3_XXS } from "./iQuants.ts";
import { IQ4_NL, IQ4_XS } from "./iQuantsNonlinear.ts";
import { IQ1_M, IQ1_S } from "./iQuantsOneBit.ts";
import { Q2_K, Q3_K, Q4_K, Q5_K, Q6_K } from "./kQuants.ts";
import { MXFP4, NVFP4 } from "./microscaled.ts";
import { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 } from "./simple.ts";
import { Q1_0, Q2_0, TQ1_0, TQ2_0 } from "./ternary.ts";
import { BF16, F16, F32 } from "./unquantised.ts";

/** Every format we can read, by ggml's name. */
export const formats: Readonly<Record<FormatName, BlockFormat>> = {
  F32,
  F16,
  BF16,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q8_0,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  IQ1_S,
  IQ1_M,
  IQ2_XXS,
  IQ2_XS,
  IQ2_S,
  IQ3_XXS,
  IQ3_S,
  IQ4_NL,
  IQ4_XS,
  MXFP4,
  NVFP4,
  TQ1_0,
  TQ2_0,
  Q1_0,
  Q2_0,
};

const formatByType: ReadonlyMap<number, BlockFormat> = new Map(
  Object.values(formats).map((format) => [format.ggmlType, format]),
);

/** The format behind a GGUF file's type number; `undefined` for one we cannot read. */
export function formatOfGgmlType(type: number): BlockFormat | undefined {
  return formatByType.get(type);
}
