/** Everything the module exports. `src/compute/cpu/wasmKernels.ts` is its typed twin. */

export { encodeQ8_0, encodeQ8_K, roundQ8_0, roundQ8_K } from "./activations";
export { attend } from "./attention";
export { add, addScaled, rmsNorm, scale, softmax, swiglu } from "./elementwise";
export { dotF32 } from "./floats";
export { roundBF16, roundF16, storeHalf } from "./half";
export {
  matvecBF16,
  matvecF16,
  matvecF32,
  matvecIQ4_NL,
  matvecMXFP4,
  matvecQ4_0,
  matvecQ4_1,
  matvecQ5_0,
  matvecQ5_1,
  matvecQ8_0,
} from "./matvec";
export {
  matvecIQ1_M,
  matvecIQ1_S,
  matvecIQ2_S,
  matvecIQ2_XS,
  matvecIQ2_XXS,
  matvecIQ3_S,
  matvecIQ3_XXS,
  matvecTQ1_0,
  matvecTQ2_0,
} from "./matvecGrids";
export {
  matvecIQ4_XS,
  matvecQ2_K,
  matvecQ3_K,
  matvecQ4_K,
  matvecQ5_K,
  matvecQ6_K,
} from "./matvecK";
export { matvecNVFP4, matvecQ1_0, matvecQ2_0 } from "./matvecWide";
export { rotateNeox, rotateNorm } from "./rotary";
export { storeQ8_0 } from "./storedBlocks";
export { initialise } from "./tables";
