/** A GPU's side of the handles in `ops.ts`: which buffer holds them. */
import type { Rope } from "../../numerics/rope.ts";
import type { EncodingName } from "../cpu/encodings.ts";
import type { Angles, Hidden, Vector } from "../ops.ts";
import type { GpuStep, QueuedStep } from "./gpuProgram.ts";
import type { GpuBlockEncoding } from "./stepShaders.ts";

/** A buffer, and a number that tells it from the backend's others. */
export interface GpuBuffer {
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly byteLength: number;
}

/** A step whose result may become a sum. */
export interface SumStep {
  readonly queued: QueuedStep;
  /** The same, added to what `target` holds. */
  readonly addedTo: (target: GpuBuffer) => GpuStep;
}

/** A step whose result may be encoded as well. */
export interface EncodableStep {
  readonly queued: QueuedStep;
  /** Room for the encoded result, in any encoding. */
  readonly room: GpuBuffer;
  /** The step that does both; `undefined` if none does. */
  readonly encodedAs: (encoding: GpuBlockEncoding) => GpuStep | undefined;
  /** Of a norm: its gain, by which the next batch knows it again. */
  readonly gain?: Vector;
}

/** f32 activations `[tokens, width]` at the start of a buffer. */
export class GpuHidden implements Hidden {
  #buffer: GpuBuffer | undefined;
  readonly tokens: number;
  readonly width: number;
  /** Encoded forms made so far; several matrices often read the same `x`. */
  readonly encoded: Map<EncodingName, GpuBuffer> = new Map();
  /** How the step that makes it can add it to something instead, as long as nobody has read it. */
  adds: SumStep | undefined;
  /** How the step that makes it can encode it too, as long as that is still queued. */
  encodes: EncodableStep | undefined;

  constructor(buffer: GpuBuffer, tokens: number, width: number) {
    this.#buffer = buffer;
    this.tokens = tokens;
    this.width = width;
  }

  get buffer(): GpuBuffer {
    if (this.#buffer !== undefined) return this.#buffer;
    throw new Error("these activations were changed in place, and are now those of another handle");
  }

  /** Its values are being changed: what was made of them so far no longer counts. */
  change(): void {
    this.encoded.clear();
    this.encodes = undefined;
  }

  /** The same buffer as a handle of its own, for what is made of these activations in place. */
  handOver(): GpuHidden {
    const heir = new GpuHidden(this.buffer, this.tokens, this.width);
    this.#buffer = undefined;
    return heir;
  }
}

/** Where a matrix or vector lies: as the file has it, or f32. */
export interface GpuPlace {
  readonly buffer: GpuBuffer;
  /** A multiple of 4. */
  readonly byteOffset: number;
}

/** Cosines and sines of a batch: per position `rotarySize / 2` of each. */
export class GpuAngles implements Angles {
  readonly buffer: GpuBuffer;
  readonly rope: Rope;

  constructor(buffer: GpuBuffer, rope: Rope) {
    this.buffer = buffer;
    this.rope = rope;
  }
}

/** A handle of `ops.ts` as this backend made it. */
export function gpu<T>(handle: object, kind: abstract new (...parameters: never[]) => T): T {
  if (handle instanceof kind) return handle;
  throw new TypeError(`a ${kind.name} was expected: this handle belongs to another device`);
}
