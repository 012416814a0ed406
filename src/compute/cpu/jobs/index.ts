/** All kinds of jobs. A kind's place in the list is its code in the control block. */
import { attend, remember, rotate } from "./attention.ts";
import { add, mix, rmsNorm, swiglu } from "./elementwise.ts";
import { encode } from "./encode.ts";
import type { JobKind } from "./job.ts";
import { decodedMatvec, matvec } from "./matvec.ts";

export const jobKinds: readonly JobKind[] = [
  matvec,
  decodedMatvec,
  encode,
  rmsNorm,
  rotate,
  remember,
  attend,
  swiglu,
  add,
  mix,
];
