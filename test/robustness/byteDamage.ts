/** Damage to the bytes of a finished file, as disks, downloads and attackers do it. */
import type { buildGgufWithFields } from "../support/ggufBuilder.ts";
import { type Chance, extremeIntegers } from "./chance.ts";

type BuiltFile = ReturnType<typeof buildGgufWithFields>;
export type ByteDamage = (chance: Chance, file: BuiltFile) => { bytes: Uint8Array; what: string };

export const byteDamages: Readonly<Record<string, ByteDamage>> = {
  "header field": (chance, { bytes, fields }) => {
    const { name, offset, byteLength } = chance.of(fields);
    const value = chance.of(extremeIntegers);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (byteLength === 4) view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
    else view.setBigUint64(offset, value, true);
    return { bytes, what: `${name} = ${value}` };
  },

  "flips in the header": (chance, { bytes, dataStart }) => flip(chance, bytes, 0, dataStart),

  "flips in the sizes": (chance, { bytes, fields }) => {
    // The first fields behind the preamble are the sizes; later ones are mostly lengths of texts.
    const end = fields[Math.min(fields.length - 1, 60)].offset;
    return flip(chance, bytes, 24, end);
  },

  "flips in the data": (chance, { bytes, dataStart }) =>
    flip(chance, bytes, dataStart, bytes.length),

  "cut short": (chance, { bytes, dataStart }) => {
    const length = chance.below(chance.oneIn(2) ? bytes.length : dataStart + 64);
    return { bytes: bytes.subarray(0, length), what: `${length} of ${bytes.length} bytes` };
  },

  "bytes lost": (chance, { bytes }) => {
    const [from, count] = [chance.below(bytes.length), 1 + chance.below(64)];
    return {
      bytes: joined(bytes.subarray(0, from), bytes.subarray(from + count)),
      what: `${count} at ${from}`,
    };
  },

  "bytes repeated": (chance, { bytes }) => {
    const [from, count] = [chance.below(bytes.length), 1 + chance.below(4096)];
    return {
      bytes: joined(bytes.subarray(0, from + count), bytes.subarray(from)),
      what: `${count} at ${from}`,
    };
  },

  "a page of one byte": (chance, { bytes }) => {
    const from = chance.below(bytes.length);
    bytes.fill(chance.of([0, 0xff, 0x7f]), from, from + 4096);
    return { bytes, what: `at ${from}` };
  },

  "not a model": (chance) => {
    const bytes = Uint8Array.from({ length: chance.of([0, 1, 4, 24, 5000]) }, () =>
      chance.below(256),
    );
    if (chance.oneIn(2)) bytes.set(Buffer.from("GGUF\x03\0\0\0").subarray(0, bytes.length));
    return { bytes, what: `${bytes.length} bytes` };
  },
};

function flip(chance: Chance, bytes: Uint8Array, from: number, to: number) {
  const count = chance.of([1, 1, 2, 8, 64]);
  for (let index = 0; index < count; index++) {
    const at = from + chance.below(to - from);
    bytes[at] ^= chance.oneIn(2) ? 1 << chance.below(8) : 1 + chance.below(255);
  }
  return { bytes, what: `${count} from ${from} to ${to}` };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
