/** Everything the module exports. `src/compute/cpu/wasmKernels.ts` is its typed twin. */

export { encodeQ8_0, encodeQ8_K, roundQ8_0, roundQ8_K } from "./activations";
export { attendF16, attendF32 } from "./attention";
export { add, addScaled, rmsNorm, scale, softmax, swiglu } from "./elementwise";
export { dotF32 } from "./floats";
export { roundBF16, roundF16, storeHalf } from "./half";
export {
  matvecBF16,
  matvecF16,
  matvecF32,
  matvecQ4_0,
  matvecQ4_1,
  matvecQ4_K,
  matvecQ5_0,
  matvecQ5_1,
  matvecQ5_K,
  matvecQ6_K,
  matvecQ8_0,
} from "./matvec";
export { rotateNeox, rotateNorm } from "./rotary";
export { initialise } from "./tables";
