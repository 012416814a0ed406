/**
 * Verbs may become steps that do the work of several, in another order than they were asked for. That
 * must not show: any verbs, with and without a pause after each (after which nothing can be joined).
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { GpuBackend } from "../../src/compute/gpu/gpuBackend.ts";
import { GpuKeyValueCache } from "../../src/compute/gpu/gpuKeyValueCache.ts";
import { createGpuOps } from "../../src/compute/gpu/gpuOps.ts";
import type { GpuHidden, GpuPlace } from "../../src/compute/gpu/gpuTensors.ts";
import type { Angles, Hidden, Matrix, Ops, Vector } from "../../src/compute/ops.ts";
import type { FormatName } from "../../src/numerics/formats/blockFormat.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { createRope } from "../../src/numerics/rope.ts";
import { forStrictAdapters } from "../generation/gpu/gpuRuns.ts";
import { randomFloats, randomWeights } from "../kernels/randomRows.ts";
import { testDevice } from "./testDevice.ts";

await forStrictAdapters();
const device = await testDevice();
const backend = new GpuBackend(device, {
  arithmetic: "fast",
  identity: {},
  breathe: async () => undefined,
});

/** Two heads of 32: all activations are as wide, so that every verb takes any of them. */
const width = 64;
const headSize = 32;
const tokenCount = 1;
const random = seededRandom(5);
const places = new Map<Matrix | Vector, GpuPlace>();
const matrices = [
  matrix("a", ["Q8_0", "Q8_0", "Q8_0", "Q8_0"]),
  matrix("b", ["Q4_0", "F32"]),
  matrix("c", ["Q8_0"], true),
].flat();
const gains = ["first", "second"].map((name) => vector(name, width));
const headGains = ["queries", "keys"].map((name) => vector(name, headSize));
const rope = createRope({ headSize, rotarySize: headSize, pairing: "neox", base: 10000 });
/** What they have learned of norms does not outlast a run. */
const newOps = () => createGpuOps(backend, (handle) => places.get(handle));
const keyValueShape = { layerCount: 1, keyValueHeadCount: 2, headSize, valueSize: headSize };
const cache = new GpuKeyValueCache(backend, [0], keyValueShape, "f32", 4);

function place(bytes: Uint8Array): GpuPlace {
  const buffer = backend.createBuffer(bytes.byteLength, "weights");
  device.write(buffer.buffer, 0, bytes);
  return { buffer, byteOffset: 0 };
}

function vector(name: string, length: number): Vector {
  const made = { name, length };
  places.set(made, place(new Uint8Array(randomFloats(random, length).buffer)));
  return made;
}

/** Matrices in one buffer. */
function matrix(name: string, kinds: readonly FormatName[], hasBias = false): Matrix[] {
  const weights = kinds.map((format) => randomWeights(random, format, width, width));
  const { buffer } = place(Buffer.concat(weights));
  let byteOffset = 0;
  return kinds.map((format, i) => {
    const bias = hasBias ? vector(`${name}.bias`, width) : undefined;
    const made: Matrix = {
      ...{ name: `${name}${i}`, rows: width, columns: width, bias },
      format: formats[format],
    };
    places.set(made, { buffer, byteOffset });
    byteOffset += weights[i].byteLength;
    return made;
  });
}

/** A verb, and which of the activations there are it takes: numbers, as remainders. */
interface Call {
  readonly verb:
    | "linear"
    | "rmsNorm"
    | "rmsNormHeads"
    | "rotate"
    | "addTo"
    | "swiglu"
    | "remember"
    | "attend";
  readonly first: number;
  readonly second: number;
  readonly parameter: number;
}

const anyCall: fc.Arbitrary<Call> = fc.record({
  verb: fc.constantFrom<Call["verb"]>(
    ...(["linear", "linear", "linear", "rmsNorm", "rmsNormHeads", "rotate"] as const),
    ...(["addTo", "swiglu", "remember", "attend"] as const),
  ),
  first: fc.nat({ max: 5 }),
  second: fc.nat({ max: 5 }),
  parameter: fc.nat({ max: 6 }),
});

/** What all activations and the cache hold after these calls. */
async function outcome(calls: readonly Call[], pause: () => void): Promise<object> {
  const mark = backend.begin();
  litter();
  const ops = newOps();
  const { verbs } = ops;
  const values = randomFloats(seededRandom(1), width * tokenCount, 3);
  const hidden: Hidden[] = [0, 1, 2].map((i) =>
    ops.upload(
      values.map((x) => x * (i + 1)),
      tokenCount,
      width,
    ),
  );
  const { keys, values: kept } = cache.layer(0);
  const empty = new Float32Array(keys.byteLength / 4).fill(0.5);
  for (const buffer of [keys, kept]) backend.write(buffer, 0, empty);
  cache.truncate(0);
  cache.advance(tokenCount);
  const angles = verbs.rotation(
    rope,
    Int32Array.from({ length: tokenCount }, (_, i) => i + 3),
  );
  for (const call of calls) {
    run(call, verbs, hidden, angles);
    pause();
  }
  const pieces = [...hidden.map((x) => (x as GpuHidden).buffer), keys, kept];
  const read = await backend.read(pieces.map((from) => ({ from, byteLength: from.byteLength })));
  backend.end(mark);
  return [
    ...hidden.map((_, i) => new Uint32Array(read[i], 0, width * tokenCount)),
    ...read.slice(hidden.length).map((bytes) => new Uint32Array(bytes)),
  ];
}

let litterings = 0;

/** Buffers must not happen to hold what the run before has left there. */
function litter(): void {
  const { stack } = backend;
  const { mark } = stack;
  const rubbish = new Float32Array(128).fill(++litterings);
  for (let i = 0; i < 48; i++) backend.write(stack.allocate(rubbish.byteLength), 0, rubbish);
  stack.release(mark);
}

/** Activations that a verb uses up are no longer there afterwards. */
function run(
  { verb, first, second, parameter }: Call,
  verbs: Ops,
  hidden: Hidden[],
  angles: Angles,
): void {
  const one = first % hidden.length;
  const other = second % hidden.length;
  const x = hidden[one];
  const y = hidden[other];
  const pick = <T>(list: readonly T[]) => list[parameter % list.length];
  switch (verb) {
    case "linear":
      hidden.push(verbs.linear(pick(matrices), x));
      break;
    case "rmsNorm":
      hidden.push(verbs.rmsNorm(x, pick(gains), 1e-5));
      break;
    case "rmsNormHeads":
      hidden[one] = verbs.rmsNormHeads(x, pick(headGains), parameter < 5 ? 1e-5 : 1e-6);
      break;
    case "rotate":
      verbs.rotate(x, angles);
      break;
    case "addTo":
      if (one === other || hidden.length < 3) break;
      verbs.addTo(x, y);
      hidden.splice(other, 1);
      break;
    case "swiglu":
      hidden.push(verbs.swiglu(x, y));
      break;
    case "remember":
      verbs.remember(cache, 0, x, y);
      break;
    case "attend":
      hidden.push(verbs.attend(x, cache, 0, 0.2));
      break;
    default:
      verb satisfies never;
  }
}

const linear = (parameter: number, first: number): Call => {
  return { verb: "linear", first, second: 0, parameter };
};
const call = (verb: Call["verb"], first: number, second = 0, parameter = 0): Call => {
  return { verb, first, second, parameter };
};

test("no verb sees what was joined", async () => {
  await backend.settle();
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { minLength: 2, maxLength: 14 }), async (calls) => {
      const apart = await outcome(calls, () => backend.program.submit());
      expect(await outcome(calls, () => {})).toEqual(apart);
    }),
    {
      numRuns: 120,
      examples: [
        // The attention of a layer, with norms of heads and without.
        [
          [
            ...[call("rmsNorm", 0), linear(0, 3), linear(1, 3), linear(2, 3)],
            ...[call("rmsNormHeads", 4), call("rotate", 4), call("rmsNormHeads", 5, 0, 1)],
            ...[call("rotate", 5), call("remember", 5, 0), call("attend", 4)],
          ],
        ],
        [[linear(0, 0), call("rotate", 3), linear(1, 0), call("rotate", 4), linear(2, 0)]],
        // Changed before it is encoded; joined, then added.
        [[call("rmsNorm", 0), call("addTo", 3, 1), linear(0, 2)]],
        [[linear(0, 0), linear(1, 0), call("addTo", 1, 3), call("addTo", 0, 3)]],
        [[linear(0, 0), call("addTo", 1, 3), linear(1, 0)]],
        // Turned when they are kept already, as keys and as values.
        [[linear(0, 0), linear(1, 0), call("remember", 3, 4), call("rotate", 3)]],
        [[linear(0, 0), linear(1, 0), call("remember", 3, 4), call("rotate", 4)]],
        [[call("rotate", 0), call("remember", 0, 0), call("attend", 1)]],
        [[call("rotate", 0), call("rmsNormHeads", 0), call("rmsNormHeads", 0), call("rotate", 0)]],
        // Added to what it reads.
        [[linear(5, 0), call("addTo", 0, 3)]],
      ],
    },
  );
});

test("heads that were normed in place are not to be had any more", async () => {
  await backend.settle();
  const mark = backend.begin();
  const { upload, verbs } = newOps();
  const x = upload(new Float32Array(width), 1, width);
  verbs.rmsNormHeads(x, headGains[0], 1e-5);
  expect(() => verbs.linear(matrices[0], x)).toThrow("changed in place");
  backend.end(mark);
});
