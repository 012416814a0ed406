/**
 * How fast matrices of each format are multiplied with one token's vector, or with several at once,
 * beside ggml's own kernels on the same bytes.
 *
 *     node bench/matvec.ts [--format Q4_K,Q6_K] [--case L2x1,L3x1,DRAMx1,DRAMx2] [--rounds 20]
 *         [--tokens 1] [--columns 2048] [--build plain] [--library libggml-cpu-haswell.so] [--json FILE]
 *
 * A case is where the weights lie, and the number of threads that share the rows. Ours and ggml's run
 * in turns, so that a busy machine slows both; a ratio is the median over the rounds of ggml's time
 * over ours, above 1 where we are faster. Times are CPU time of the threads. ggml needs a C compiler
 * and GGML_DIR (see native/ggml.ts); without, ours run alone, by the clock.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compileKernels, matvecKernels } from "../src/compute/cpu/wasmKernels.ts";
import type { FormatName } from "../src/numerics/formats/blockFormat.ts";
import { machineLine } from "./machine.ts";
import { type CaseResult, MatvecRounds } from "./matvecRounds.ts";
import { openGgml } from "./native/ggml.ts";

/** Bytes of weights: in a core's L2, in the L3 that cores share, beyond any cache. */
const sizes: Readonly<Record<string, number>> = {
  L2: 256 * 2 ** 10,
  L3: 8 * 2 ** 20,
  DRAM: 256 * 2 ** 20,
};

const { values: options } = parseArgs({
  options: {
    format: { type: "string", default: Object.keys(matvecKernels).join() },
    case: { type: "string", default: "L2x1,L3x1,DRAMx1,DRAMx2" },
    rounds: { type: "string", default: "20" },
    tokens: { type: "string", default: "1" },
    columns: { type: "string", default: "2048" },
    build: { type: "string", default: "relaxed" },
    library: { type: "string", default: "libggml-cpu-haswell.so" },
    json: { type: "string" },
  },
});

const ggml = openGgml(process.env["GGML_DIR"], options.library);
const { module, build } = await compileKernels({
  build: options.build === "plain" ? "plain" : "relaxed",
});
const cases = options.case.split(",").map(parseCase);
console.log(
  `${build} build, rows of ${options.columns} weights, tokens: ${options.tokens}; ${machineLine()}`,
);
console.log(typeof ggml === "string" ? `without ggml: ${ggml}` : `beside ${options.library}`);

await using bench = new MatvecRounds({
  module,
  ggml: typeof ggml === "string" ? undefined : ggml,
  columns: Number(options.columns),
  tokens: Number(options.tokens),
  matrixBytes: Math.max(...cases.map(({ bytes }) => bytes)),
});
const results: CaseResult[] = [];
for (const format of options.format.split(",") as FormatName[]) {
  bench.fill(format);
  for (const { name, bytes, threads } of cases) {
    results.push(
      await bench.measure(name, { format, bytes, threads, rounds: Number(options.rounds) }),
    );
  }
}

console.table(results.map(tableRow));
if (options.json !== undefined) {
  const head = { bench: "matvec", build, machine: machineLine(), commit: commit(), options };
  writeFileSync(options.json, `${JSON.stringify({ ...head, results }, undefined, 1)}\n`);
}

function parseCase(name: string): { name: string; bytes: number; threads: 1 | 2 } {
  const [, place = "", threads] = /^(\w+)x([12])$/.exec(name) ?? [];
  const bytes = sizes[place];
  if (bytes === undefined) throw new RangeError(`--case ${name}: such as L2x1 or DRAMx2`);
  return { name, bytes, threads: threads === "2" ? 2 : 1 };
}

function tableRow(result: CaseResult): object {
  const { format, name, ours, ggml: theirs, ratio, bytesPer256 } = result;
  const row = {
    format,
    case: name,
    "ns / 256": ours.median.toFixed(2),
    "GB/s": (bytesPer256 / ours.median).toFixed(1),
  };
  if (theirs === undefined || ratio === undefined) return row;
  return {
    ...row,
    "ggml ns / 256": theirs.median.toFixed(2),
    ratio: ratio.median.toFixed(2),
    "±": ratio.deviation.toFixed(2),
    rounds: ratio.samples,
  };
}

function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
