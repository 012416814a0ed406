/**
 * A kind of job: its parameters, by name, and what a thread does for a range of its items. Both
 * sides of the control block use the one definition, so writer and reader cannot disagree.
 */
import type { ThreadArena } from "../threadArena.ts";

/** `address` and `integer` fill a 32-bit word; `float` one of an f32. */
type ParameterType = "address" | "integer" | "float";
type Schema = Readonly<Record<string, ParameterType>>;
export type Parameters<S extends Schema> = { -readonly [Name in keyof S]: number };

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

export interface JobKind<P = unknown> {
  /** Ranges of items begin at multiples of it: kernels read several rows side by side. */
  readonly granule: number;
  /**
   * The parameters of a job of this kind, where they lie: what is read comes from the words at `at`,
   * what is assigned goes there. One object serves all jobs of a kind, so it is good until the next
   * call. A new job must be given every parameter.
   */
  readonly parametersAt: (words: Int32Array, floats: Float32Array, at: number) => P;
  readonly run: (words: Int32Array, floats: Float32Array, at: number, chunk: Chunk) => void;
}

/** Parameters a job may have at most. */
export const parameterLimit = 12;

export function defineJob<const S extends Schema>(
  schema: S,
  run: (parameters: Parameters<S>, chunk: Chunk) => void,
  { granule = 1 }: { readonly granule?: number } = {},
): JobKind<Parameters<S>> {
  const fields = Object.entries(schema);
  if (fields.length > parameterLimit) {
    throw new RangeError(`a job has at most ${parameterLimit} parameters`);
  }
  const place: Place = { words: new Int32Array(), floats: new Float32Array(), at: 0 };
  const parameters = {} as Parameters<S>;
  for (const [index, [name, type]] of fields.entries()) {
    Object.defineProperty(parameters, name, accessOf(place, type, index));
  }
  const parametersAt = (words: Int32Array, floats: Float32Array, at: number) => {
    place.words = words;
    place.floats = floats;
    place.at = at;
    return parameters;
  };
  return {
    granule,
    parametersAt,
    run: (words, floats, at, chunk) => run(parametersAt(words, floats, at), chunk),
  };
}

/** Where the parameters of one job lie: words and floats are views of the same bytes. */
interface Place {
  words: Int32Array;
  floats: Float32Array;
  at: number;
}

function accessOf(place: Place, type: ParameterType, index: number): PropertyDescriptor {
  const set = (value: number) => {
    // Addresses above 2 GiB wrap to negative words and back.
    place.words[place.at + index] = value;
  };
  switch (type) {
    case "address":
      return { get: () => (place.words[place.at + index] as number) >>> 0, set };
    case "integer":
      return { get: () => place.words[place.at + index], set };
    case "float":
      return {
        get: () => place.floats[place.at + index],
        set(value: number) {
          place.floats[place.at + index] = value;
        },
      };
  }
}
