/**
 * Prints the packed codebooks of `src/numerics/formats/iQuantTables.ts` from the values that ggml's own
 * dequantiser gave back (`test/fixtures/dequant/iq_grids.json`). Run:
 *
 *     node test/numerics/make/iQuantTables.ts
 *
 * An entry of a codebook becomes one little-endian u16: eight 2-bit or four 4-bit level numbers, the
 * first value lowest.
 */
import { readFileSync } from "node:fs";

const LINE_LENGTH = 92;
const source = new URL("../../fixtures/dequant/iq_grids.json", import.meta.url);
const grids = JSON.parse(readFileSync(source, "utf8"));

for (const name of ["iq2xxs", "iq2xs", "iq2s", "iq3xxs", "iq3s", "iq1s"]) {
  const { shape, values: levels, int8_base64 } = grids[name];
  const [entries, width] = shape as [number, number];
  const values = new Int8Array(Buffer.from(int8_base64, "base64"));
  const packed = Buffer.alloc(2 * entries);
  for (let entry = 0; entry < entries; entry++) {
    let bits = 0;
    for (let j = 0; j < width; j++) {
      const level = levels.indexOf(values[width * entry + j]);
      bits |= level << ((16 / width) * j);
    }
    packed.writeUInt16LE(bits, 2 * entry);
  }
  const lines = packed.toString("base64").match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  console.log(`${name}, levels ${levels.join(", ")}:`);
  for (const line of lines) console.log(`    "${line}",`);
}
