/**
 * Matrices times activations. The projections of one layer (queries, keys, values) read the same
 * input: for a single token, whose products are short, they become one step as they are asked for.
 */
import { multiplicationOf } from "../cpu/encodings.ts";
import type { Matrix } from "../ops.ts";
import type { GpuBackend } from "./gpuBackend.ts";
import type { GpuEncodings } from "./gpuEncodings.ts";
import type { GpuStep } from "./gpuProgram.ts";
import type { GpuBuffer, GpuHidden, GpuPlace } from "./gpuTensors.ts";
import { matvecCall, matvecsCall, type SiblingMatrix } from "./matvecShaders.ts";

/** What `matvecs.wgsl` multiplies at once. */
const mostSiblings = 3;

interface Sibling extends SiblingMatrix {
  readonly output: GpuHidden;
  /** Its buffer, which may have another handle by now. */
  readonly target: GpuBuffer;
}

/** The product that was asked for last, or several that are one step by now. */
interface LatestProduct {
  readonly queued: ReturnType<GpuBackend["run"]>;
  /** As it was left here; others may have put another in its place. */
  readonly step: GpuStep;
  readonly matrix: Matrix;
  readonly weights: GpuBuffer;
  readonly input: GpuBuffer;
  readonly siblings: readonly Sibling[];
}

export class GpuProducts {
  readonly #backend: GpuBackend;
  readonly #encodings: GpuEncodings;
  /** Bound where there is no third matrix. */
  readonly #nothing: GpuBuffer;
  #latest: LatestProduct | undefined;

  constructor(backend: GpuBackend, encodings: GpuEncodings) {
    this.#backend = backend;
    this.#encodings = encodings;
    this.#nothing = backend.createBuffer(16, "no third product");
  }

  /** `output` becomes the product of the matrix, which lies at `place`, and `x`; without its bias. */
  multiply(matrix: Matrix, place: GpuPlace, x: GpuHidden, output: GpuHidden): void {
    const { arithmetic, device } = this.#backend;
    const { format, rows, columns } = matrix;
    const { buffer: weights, byteOffset: weightBytes } = place;
    const input = this.#encodings.encode(x, multiplicationOf(format, arithmetic).encoding);
    const shape = { format: format.name, arithmetic, rows, columns, tokens: x.tokens };
    const stepTo = (target: GpuBuffer, accumulate: boolean): GpuStep => ({
      ...matvecCall(shape, { weightBytes, accumulate }, device),
      bindings: [weights, input, target, undefined, undefined],
    });
    const step = stepTo(output.buffer, false);
    const own = {
      step,
      matrix,
      weights,
      input,
      siblings: [{ rows, weightBytes, output, target: output.buffer }],
    };
    if (x.tokens === 1 && this.#joinLatest(own)) return;
    const queued = this.#backend.run(step);
    output.adds = { queued, addedTo: (target) => stepTo(target, true) };
    this.#latest = x.tokens === 1 ? { ...own, queued } : undefined;
  }

  /** Has the latest step make this product too, if it has the same format and input. */
  #joinLatest(next: Omit<LatestProduct, "queued">): boolean {
    const latest = this.#latest;
    if (latest === undefined || latest.queued.step !== latest.step) return false;
    const { queued, weights, input, matrix } = latest;
    const { format, columns } = next.matrix;
    const siblings = [...latest.siblings, ...next.siblings];
    if (siblings.length > mostSiblings || weights !== next.weights || input !== next.input)
      return false;
    if (format.name !== matrix.format.name || columns !== matrix.columns) return false;
    const touched = [input, ...next.siblings.map(({ target }) => target)];
    if (!this.#backend.program.isUntouchedSince(queued, touched)) return false;

    // Once they have their places, these weights may lie in two buffers.
    this.#backend.want(latest.step);
    this.#backend.want(next.step);
    const { arithmetic, device } = this.#backend;
    const shape = { format: format.name, arithmetic, columns, tokens: 1 };
    const outputs = [...siblings.map(({ target }) => target), this.#nothing];
    const step: GpuStep = {
      ...matvecsCall(shape, siblings, device),
      bindings: [weights, input, ...outputs.slice(0, mostSiblings)],
    };
    queued.replace(step);
    for (const { output } of siblings) output.adds = undefined;
    this.#latest = { ...latest, step, siblings };
    return true;
  }
}
