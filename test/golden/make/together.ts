/**
 * Puts golden files of the same runs together, into the first: how far another build of llama.cpp is from
 * it, and as `f32act` what llama.cpp computes on the file expanded to F32, which engines are held to.
 *
 *     node test/golden/make/together.ts FIRST.expected.json OTHER.expected.json EXPANDED.expected.json
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";

interface Block {
  offset: number;
  readonly shape: readonly number[];
}

interface Reference {
  readonly logits: Block;
  readonly l_out_last_prompt_pos: Block;
  readonly l_out_last_pos: Block;
}

interface Golden {
  readonly runs: {
    readonly name: string;
    readonly fed_tokens_after_prompt: readonly number[];
    readonly native: Reference;
    native_stability?: object | string;
    f32act?: Reference;
  }[];
}

const [first, other, expanded] = process.argv.slice(2).map(read);
if (first === undefined || other === undefined || expanded === undefined)
  throw new Error("three golden files are put together");

for (const [index, run] of first.golden.runs.entries()) {
  const [a, b] = [first, other].map(({ golden, bin }) =>
    valuesOf(bin, golden.runs[index]!.native.logits),
  ) as [Float32Array, Float32Array];
  const largest = a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
  run.native_stability = `not held to: one rounding moves these logits by tenths; two builds of llama.cpp differ by ${largest}`;
  const exact = expanded.golden.runs[index]!;
  if (exact.fed_tokens_after_prompt.join() !== run.fed_tokens_after_prompt.join())
    throw new Error(`${run.name}: other tokens were fed to the expanded file`);
  run.f32act = exact.native;
  for (const block of [
    run.f32act.logits,
    run.f32act.l_out_last_prompt_pos,
    run.f32act.l_out_last_pos,
  ])
    block.offset += first.bin.byteLength;
}
appendFileSync(first.path.replace(/json$/, "bin"), expanded.bin);
writeFileSync(first.path, `${JSON.stringify(first.golden)}\n`);

function read(path: string): { path: string; golden: Golden; bin: Buffer } {
  const golden = JSON.parse(readFileSync(path, "utf8")) as Golden;
  return { path, golden, bin: readFileSync(path.replace(/json$/, "bin")) };
}

function valuesOf(bin: Buffer, { offset, shape }: Block): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return new Float32Array(bin.buffer.slice(bin.byteOffset + offset), 0, count);
}
