/** The blocks that ggml decoded for us: see `test/fixtures/dequant/README.md`. */
import { readFileSync } from "node:fs";

const folder = new URL("../fixtures/dequant/", import.meta.url);

export interface BlocksFixture {
  readonly raw_base64: string;
  readonly f32_base64: string;
  readonly vec_dot: {
    readonly n: number;
    readonly weights_raw_base64: string;
    readonly activation_f32_base64: string;
    readonly dot_haswell: readonly number[];
    readonly dot_exact_dequantised_activation?: readonly number[];
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what the file holds is the caller's knowledge
export function readFixture(name: string): any {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

export function floatsOf(base64: string): Float32Array {
  return new Float32Array(bytesOf(base64).buffer);
}

/** The patterns behind the numbers, so that comparisons tell -0 from 0. */
export function bitsOf(floats: Float32Array): Uint32Array {
  return new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
}
