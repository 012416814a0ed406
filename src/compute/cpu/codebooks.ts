/**
 * The codebooks of the IQ1, IQ2 and IQ3 formats, copied to where the kernels look for them: the
 * addresses named `GRID_` in `kernels/tables.ts`.
 */
import {
  iq1sGrid,
  iq2sGrid,
  iq2xsGrid,
  iq2xxsGrid,
  iq3sGrid,
  iq3xxsGrid,
} from "../../numerics/formats/iQuantTables.ts";

/** In the order of the addresses, without gaps. */
const grids = [iq2xxsGrid, iq2xsGrid, iq2sGrid, iq3xxsGrid, iq3sGrid, iq1sGrid];

const codebooksAt = 4096;

/** Writes all codebooks; they end below `tableBytes`. */
export function writeCodebooks(memory: WebAssembly.Memory): void {
  let at = codebooksAt;
  for (const grid of grids) {
    const values = grid();
    new Int8Array(memory.buffer, at, values.length).set(values);
    at += values.length;
  }
}
