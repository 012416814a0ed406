/**
 * A kind of job: its parameters, by name, and what a thread does for a range of its items. Both
 * sides of the control block use the one definition, so writer and reader cannot disagree.
 */
import type { ThreadArena } from "../threadArena.ts";

/** `address` and `integer` fill a 32-bit word; `float` one of an f32. */
type ParameterType = "address" | "integer" | "float";
type Schema = Readonly<Record<string, ParameterType>>;
export type Parameters<S extends Schema> = { readonly [Name in keyof S]: number };

/** What a thread has at hand for one chunk. */
export interface Chunk {
  /** The arena the job runs in. */
  readonly arena: ThreadArena;
  /** Arena 0, where all activations live. */
  readonly hub: ThreadArena;
  /** Address of this thread's scratch, in every arena. */
  readonly scratch: number;
  /** The items to do: `[begin, end)`. */
  readonly begin: number;
  readonly end: number;
}

export interface JobKind<P = never> {
  readonly write: (parameters: P, words: Int32Array, floats: Float32Array, at: number) => void;
  readonly run: (words: Int32Array, floats: Float32Array, at: number, chunk: Chunk) => void;
}

/** Parameters a job may have at most. */
export const parameterLimit = 11;

export function defineJob<const S extends Schema>(
  schema: S,
  run: (parameters: Parameters<S>, chunk: Chunk) => void,
): JobKind<Parameters<S>> {
  const fields = Object.entries(schema);
  if (fields.length > parameterLimit) throw new RangeError("a job has at most 11 parameters");
  return {
    write(parameters, words, floats, at) {
      for (const [index, [name, type]] of fields.entries()) {
        const value = parameters[name] as number;
        // Addresses above 2 GiB wrap to negative words and back.
        if (type === "float") floats[at + index] = value;
        else words[at + index] = value;
      }
    },
    run(words, floats, at, chunk) {
      const parameters: Record<string, number> = {};
      for (const [index, [name, type]] of fields.entries()) {
        const word = words[at + index] as number;
        if (type === "float") parameters[name] = floats[at + index] as number;
        else parameters[name] = type === "address" ? word >>> 0 : word;
      }
      run(parameters as Parameters<S>, chunk);
    },
  };
}
