/**
 * Verbs run when somebody reads their results, in rounds whose jobs may run in any order. So any
 * program of verbs must give what it gives when each verb runs at once, whatever that order is.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CpuBackend } from "../../src/compute/cpu/cpuBackend.ts";
import type { CpuKeyValueCache } from "../../src/compute/cpu/cpuKeyValueCache.ts";
import { createCpuOps } from "../../src/compute/cpu/cpuOps.ts";
import { CpuMatrix, CpuVector } from "../../src/compute/cpu/cpuTensors.ts";
import { type JobList, jobField, jobWords, roundField } from "../../src/compute/cpu/jobList.ts";
import { JobRunner } from "../../src/compute/cpu/jobRunner.ts";
import { jobKinds } from "../../src/compute/cpu/jobs/index.ts";
import { compileKernels } from "../../src/compute/cpu/wasmKernels.ts";
import type { Hidden, Ops } from "../../src/compute/ops.ts";
import { type Region, regionBytes, regionFloats } from "../../src/memory/arena.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { createRope } from "../../src/numerics/rope.ts";

const { module } = await compileKernels();
const width = 64;
const headSize = 32;
const startHandles = 3;
/** Those with a bias have the same weights as those without. */
const matrixNames = ["F32", "F32 elsewhere", "Q8_0", "Q8_0 elsewhere"].flatMap((name) => [
  name,
  `${name} with bias`,
]);
const rope = createRope({ headSize, rotarySize: headSize, base: 100, pairing: "neox" });
const cacheShape = { layerCount: 1, keyValueHeadCount: 2, headSize, valueSize: headSize };

type Step =
  | { readonly verb: "linear"; readonly x: number; readonly matrix: number }
  | { readonly verb: "addTo" | "swiglu" | "attend"; readonly x: number; readonly y: number }
  | { readonly verb: "norm" | "normHeads" | "rotate" | "rows" | "read"; readonly x: number };

const handle = fc.nat({ max: 30 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      verb: fc.constant("linear" as const),
      x: handle,
      matrix: fc.nat({ max: matrixNames.length - 1 }),
    }),
    fc.record({ verb: fc.constantFrom("addTo", "swiglu", "attend"), x: handle, y: handle }),
    fc.record({
      verb: fc.constantFrom("norm", "normHeads", "rotate", "rows", "read"),
      x: handle,
    }),
  ),
  { maxLength: 24 },
) as fc.Arbitrary<Step[]>;

/** Runs every item of every job by itself, in an order that depends on the seed alone. */
class ShuffledBackend extends CpuBackend {
  readonly #runner = new JobRunner(module);
  readonly #random: () => number;
  rounds = 0;

  constructor(seed: number) {
    super({ module, arithmetic: "fast", threads: 1, contextLength: 8, arenaBytes: 1 << 18 });
    this.#random = seededRandom(seed);
  }

  override run(jobs: JobList): void {
    this.rounds++;
    if (this.measuring) {
      jobs.clear();
      return;
    }
    this.#runner.scratch = 40_960;
    this.#runner.attach(this.arenas.list.map((arena) => arena.memory));
    const ranges: [job: number, begin: number, end: number][] = [];
    for (let job = 0; job < jobs.jobCount; ) {
      const at = roundField.jobs + job * jobWords;
      const items = jobs.words[at + jobField.items] ?? 0;
      const { granule } = jobKinds[jobs.words[at] ?? -1] ?? { granule: 1 };
      for (let item = 0; item < items; item += granule)
        ranges.push([job, item, Math.min(items, item + granule)]);
      job += jobs.words[at + jobField.chain] ?? 1;
    }
    const order = ranges.map((range) => ({ range, key: this.#random() }));
    for (const { range } of order.sort((a, b) => a.key - b.key)) {
      const [job, begin, end] = range;
      jobs.words.set([job, begin, job, end], roundField.chunkStarts);
      this.#runner.run(jobs.words, jobs.floats, 0, 0);
    }
    jobs.clear();
  }
}

/** A model of a few matrices, and what runs programs on it. */
class Machine {
  readonly backend: ShuffledBackend;
  readonly #ops: Ops;
  readonly #gain = new CpuVector("gain", width);
  readonly #headGain = new CpuVector("head gain", headSize);
  readonly bias = new CpuVector("bias", width);
  readonly #matrices: readonly CpuMatrix[];

  constructor(seed: number) {
    this.backend = new ShuffledBackend(seed);
    this.#ops = createCpuOps(this.backend);
    this.#matrices = matrixNames.map((name) => {
      const format = name.startsWith("Q8_0") ? formats.Q8_0 : formats.F32;
      const bias = name.endsWith("bias") ? this.bias : undefined;
      return new CpuMatrix(name, format, { rows: width, columns: width, bias });
    });
  }

  /** What each handle holds in the end, and how many rounds that took. */
  async run(tokens: number, program: readonly Step[], isEager: boolean) {
    await this.#forward(tokens, program, isEager); // measured
    this.backend.settle({ longestRow: width, headValues: 2 * headSize });
    this.#load();
    this.backend.rounds = 0;
    const values = await this.#forward(tokens, program, isEager);
    return { values, rounds: this.backend.rounds };
  }

  #load(): void {
    const { arenas } = this.backend;
    const random = seededRandom(7);
    for (const vector of [this.#gain, this.#headGain, this.bias]) {
      vector.region = arenas.allocate(vector.length * 4);
      regionFloats(vector.region).forEach((_, index, values) => {
        values[index] = random() - 0.3;
      });
    }
    for (const [index, matrix] of this.#matrices.entries()) {
      if (matrix.bias !== undefined) {
        matrix.region = this.#matrices[index - 1]?.region;
        continue;
      }
      matrix.region = arenas.allocate(matrix.byteLength);
      while (matrix.name.endsWith("elsewhere") && matrix.region.arena.index === 0)
        matrix.region = arenas.allocate(matrix.byteLength);
      if (matrix.format === formats.F32) {
        regionFloats(matrix.region).forEach((_, index, values) => {
          values[index] = random() - 0.5;
        });
        continue;
      }
      const bytes = regionBytes(matrix.region);
      for (let at = 0; at < bytes.length; at++) bytes[at] = 256 * random();
      for (let at = 1; at < bytes.length; at += 34) bytes[at] = 0x20; // scales of about 0.01
    }
  }

  async #forward(tokens: number, program: readonly Step[], isEager: boolean): Promise<Buffer[]> {
    const { backend } = this;
    const cache = backend.createCache(cacheShape, "f16", 8);
    cache.advance(tokens);
    const found: Buffer[] = [];
    await backend.during(undefined, async () => {
      const positions = Int32Array.from({ length: tokens }, (_, index) => index);
      const angles = this.#ops.rotation(rope, positions);
      const handles = Array.from({ length: startHandles }, (_, index) => {
        const x = backend.activations.allocate(tokens, width);
        if (!backend.measuring) {
          const random = seededRandom(index + 11);
          backend.floatsOf(x).forEach((_, at, values) => {
            values[at] = random() - 0.5;
          });
        }
        return x as Hidden;
      });
      for (const step of program) {
        this.#do(step, handles, angles, cache);
        if (isEager) backend.schedule.finishAll();
      }
      if (backend.measuring) return;
      for (const x of handles) found.push(Buffer.from(backend.floatsOf(x).slice().buffer));
    });
    return found;
  }

  #do(
    step: Step,
    handles: Hidden[],
    angles: ReturnType<Ops["rotation"]>,
    cache: CpuKeyValueCache,
  ): void {
    const ops = this.#ops;
    const pick = (index: number) => handles[index % handles.length] as Hidden;
    const x = pick(step.x);
    switch (step.verb) {
      case "linear":
        handles.push(ops.linear(this.#matrices[step.matrix] as CpuMatrix, x));
        break;
      case "addTo":
        if (pick(step.y) !== x) ops.addTo(x, pick(step.y));
        break;
      case "swiglu":
        handles.push(ops.swiglu(x, pick(step.y)));
        break;
      case "attend":
        ops.remember(cache, 0, x, pick(step.y));
        handles.push(ops.attend(pick(step.y), cache, 0, 0.2));
        break;
      case "norm":
        handles.push(ops.rmsNorm(x, this.#gain, 1e-5));
        break;
      case "normHeads":
        handles.push(ops.rmsNormHeads(x, this.#headGain, 1e-5));
        break;
      case "rotate":
        ops.rotate(x, angles);
        break;
      case "rows":
        handles.push(
          ops.rows(
            x,
            Int32Array.from({ length: x.tokens }, (_, row) => x.tokens - 1 - row),
          ),
        );
        break;
      case "read":
        if (!this.backend.measuring) this.backend.floatsOf(x);
    }
  }
}

/** Its rounds would fall otherwise in a measured batch if attention made no job there. */
const mixedRounds: Step[] = [
  { verb: "attend", x: 0, y: 0 },
  { verb: "linear", x: 0, matrix: 0 },
  { verb: "attend", x: 0, y: 0 },
  { verb: "linear", x: 0, matrix: 0 },
  { verb: "addTo", x: 16, y: 0 },
  { verb: "norm", x: 12 },
  { verb: "linear", x: 0, matrix: 2 },
  { verb: "linear", x: 2, matrix: 2 },
];

test("a program of verbs means the same in rounds of any order as verb by verb", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      steps,
      fc.nat(),
      async (tokens, program, seed) => {
        const expected = await new Machine(0).run(tokens, program, true);
        const found = await new Machine(seed).run(tokens, program, false);
        expect(found.values).toEqual(expected.values);
      },
    ),
    { numRuns: 300, examples: [[1, mixedRounds, 0]] },
  );
});

const [f32, f32Elsewhere, q8] = ["F32", "F32 elsewhere", "Q8_0"].map((name) =>
  matrixNames.indexOf(name),
) as [number, number, number];

test.for<[what: string, rounds: number, program: Step[]]>([
  [
    "three products of one input",
    2,
    [
      { verb: "linear", x: 0, matrix: q8 },
      { verb: "linear", x: 0, matrix: q8 + 2 },
      { verb: "linear", x: 0, matrix: q8 },
    ],
  ],
  [
    "a sum, its norm and what is encoded of that",
    2,
    [
      { verb: "addTo", x: 0, y: 1 },
      { verb: "norm", x: 0 },
      { verb: "linear", x: 3, matrix: q8 },
    ],
  ],
  [
    "heads that are normalised and turned, and then remembered",
    3,
    [
      { verb: "linear", x: 0, matrix: f32 },
      { verb: "linear", x: 0, matrix: f32 },
      { verb: "normHeads", x: 3 },
      { verb: "rotate", x: 5 },
      { verb: "normHeads", x: 4 },
      { verb: "rotate", x: 6 },
      { verb: "attend", x: 6, y: 1 },
    ],
  ],
  [
    "what two chains have made, put together,",
    2,
    [
      { verb: "norm", x: 0 },
      { verb: "norm", x: 1 },
      { verb: "swiglu", x: 3, y: 4 },
    ],
  ],
])("%s take %d rounds", async ([, rounds, program]) => {
  expect((await new Machine(1).run(3, program, false)).rounds).toBe(rounds);
});

test("what was encoded of rows is not taken for what they have become", async () => {
  const product: Step = { verb: "linear", x: 0, matrix: q8 };
  for (const change of ["addTo", "rotate"] as const) {
    const changed: Step =
      change === "addTo" ? { verb: change, x: 0, y: 1 } : { verb: change, x: 0 };
    const expected = await new Machine(1).run(2, [changed, product], false);
    const found = await new Machine(1).run(2, [product, changed, product], false);
    expect(found.values.at(-1)).toEqual(expected.values.at(-1));
    expect(found.values.at(-1)).not.toEqual(found.values.at(-2));
  }
});

test("a bias is added to the products of every token", async () => {
  for (const matrix of [f32, f32Elsewhere, q8, q8 + 2]) {
    const machine = new Machine(1);
    const both: Step[] = [
      { verb: "linear", x: 0, matrix },
      { verb: "linear", x: 0, matrix: matrix + 1 },
    ];
    const { values } = await machine.run(3, both, false);
    const [plain, biased] = values.slice(startHandles).map(floats) as [Float32Array, Float32Array];
    const bias = regionFloats(machine.bias.region as Region);
    const expected = plain.map((value, index) => value + (bias[index % width] ?? 0));
    expect(biased).toEqual(expected);
  }
});

function floats(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
