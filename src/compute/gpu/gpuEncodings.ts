/**
 * Activations as matrices want them. Where a norm or attention makes them, one step does both. Which
 * encoding a norm is asked for is the same in every batch, and known from the first.
 */
import { type EncodingName, encodings } from "../cpu/encodings.ts";
import type { Vector } from "../ops.ts";
import type { GpuBackend } from "./gpuBackend.ts";
import type { GpuStep } from "./gpuProgram.ts";
import { type GpuBuffer, GpuHidden } from "./gpuTensors.ts";
import {
  encodeQ8_0,
  encodeQ8_K,
  type GpuBlockEncoding,
  normEncode,
  rmsNorm,
  round,
  type UnboundStep,
} from "./stepShaders.ts";

const blockEncodings: Partial<Record<EncodingName, GpuBlockEncoding>> = {
  blocksQ8_0: "Q8_0",
  blocksQ8_K: "Q8_K",
};

export class GpuEncodings {
  readonly #backend: GpuBackend;
  /** What the results of a norm were first encoded as, by its gain. */
  readonly #encodingAfter = new Map<Vector, EncodingName>();

  constructor(backend: GpuBackend) {
    this.#backend = backend;
  }

  /** `x` as matrices of this encoding want it; made at most once per `x`. */
  encode(x: GpuHidden, encoding: EncodingName): GpuBuffer {
    if (encoding === "f32") return x.buffer;
    const made = x.encoded.get(encoding);
    if (made !== undefined) return made;
    const output = this.#encodeAtOnce(x, encoding) ?? this.#encodeAlone(x, encoding);
    x.encoded.set(encoding, output);
    return output;
  }

  /**
   * The root mean square norm of rows of `gain.length` values.
   *
   * @param gainBuffer where the gain lies
   */
  normalise(x: GpuHidden, gain: Vector, gainBuffer: GpuBuffer, epsilon: number): GpuHidden {
    const { stack } = this.#backend;
    const { tokens, width } = x;
    const output = new GpuHidden(stack.allocate(tokens * width * 4), tokens, width);
    const { length } = gain;
    const rows = (tokens * width) / length;
    const plain: GpuStep = {
      ...rmsNorm(length, rows, epsilon),
      bindings: [x.buffer, gainBuffer, output.buffer],
    };
    // Taken whether it is needed or not, so that every batch takes the same.
    const room = stack.allocate(tokens * mostRowBytes(width));
    const encodedAs = (encoding: GpuBlockEncoding): GpuStep | undefined => {
      if (length !== width) return undefined;
      const step = normEncode(encoding, width, tokens, epsilon);
      return { ...step, bindings: [...plain.bindings, room] };
    };
    const encoding = this.#encodingAfter.get(gain);
    const both = encoding && encodedAs(blockEncodings[encoding]!);
    const queued = this.#backend.run(both ?? plain);
    if (both !== undefined) output.encoded.set(encoding!, room);
    else output.encodes = { queued, room, encodedAs, gain };
    return output;
  }

  /** Has the step that makes `x` encode it, if it is not too late for that. */
  #encodeAtOnce(x: GpuHidden, encoding: EncodingName): GpuBuffer | undefined {
    const { encodes } = x;
    const blocks = blockEncodings[encoding];
    const step = blocks && encodes?.encodedAs(blocks);
    if (encodes === undefined || step === undefined) return undefined;
    const { queued, room, gain } = encodes;
    if (gain !== undefined && !this.#encodingAfter.has(gain))
      this.#encodingAfter.set(gain, encoding);
    if (!this.#backend.program.isUntouchedSince(queued, [room])) return undefined;
    queued.replace(step);
    x.encodes = undefined;
    return room;
  }

  #encodeAlone(x: GpuHidden, encoding: EncodingName): GpuBuffer {
    const output = this.#backend.stack.allocate(x.tokens * encodings[encoding].rowBytes(x.width));
    this.#backend.run({ ...encodingStep(x, encoding), bindings: [x.buffer, output] });
    return output;
  }
}

/** Bytes of a row in the larger of the block encodings. */
export function mostRowBytes(width: number): number {
  const { blocksQ8_0, blocksQ8_K } = encodings;
  return Math.max(blocksQ8_0.rowBytes(width), blocksQ8_K.rowBytes(width));
}

function encodingStep(x: GpuHidden, encoding: EncodingName): UnboundStep {
  switch (encoding) {
    case "blocksQ8_0":
      return encodeQ8_0(x.width, x.tokens);
    case "blocksQ8_K":
      return encodeQ8_K(x.width, x.tokens);
    case "roundedF16":
      return round("f16", x.tokens * x.width);
    case "roundedBF16":
      return round("bf16", x.tokens * x.width);
    default:
      throw new Error(`no shader encodes activations as ${encoding}`);
  }
}
