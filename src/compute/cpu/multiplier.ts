/**
 * Multiplies activations by weight matrices wherever these lie: encodes the activations once per
 * kind of matrix, and copies them to the arenas that need them.
 */
import { channel } from "node:diagnostics_channel";
import type { Arena, Region } from "../../memory/arena.ts";
import type { BlockFormat } from "../../numerics/formats/blockFormat.ts";
import { publish } from "../../support/events.ts";
import type { CpuHidden, CpuMatrix, Rows } from "./cpuTensors.ts";
import {
  type Arithmetic,
  type EncodingName,
  encodingNames,
  encodings,
  multiplicationOf,
} from "./encodings.ts";
import { encode } from "./jobs/encode.ts";
import { decodedMatvec, matvec } from "./jobs/matvec.ts";
import type { Schedule } from "./schedule.ts";
import { formatList } from "./threadArena.ts";
import type { Workspace } from "./workspace.ts";

export interface MultiplierOptions {
  /** What events carry as their model. */
  readonly model: object;
  readonly arithmetic: Arithmetic;
  readonly workspace: Workspace;
  readonly schedule: Schedule;
  /** A workspace in each arena but the hub, for copies of inputs and outputs. */
  readonly stagingOf: (arena: Arena) => Workspace;
  readonly hub: () => Arena | undefined;
}

/** How matrices of one format are multiplied. */
interface Recipe {
  /** Index in `formatList`. */
  readonly format: number;
  readonly byKernel: boolean;
  /** Of one weight, where one of Q4_K is 1: those of several bytes take longer to read. */
  readonly weightWork: number;
  readonly encoding: EncodingName;
  /** Index in `encodingNames`. */
  readonly encodingIndex: number;
}

/** What one round has copied to an arena: hub addresses of inputs to their copies. */
interface Staged {
  round: number;
  readonly staging: Workspace;
  readonly inputs: Map<number, number>;
}

/** Multiply-adds of a matrix that take as long as encoding a value. */
const encodeWork = 60;

const activationEvents = channel("sluice:activation");

export class Multiplier {
  readonly #options: MultiplierOptions;
  readonly #recipes: ReadonlyMap<BlockFormat, Recipe>;
  readonly #staged = new Map<Arena, Staged>();

  constructor(options: MultiplierOptions) {
    this.#options = options;
    this.#recipes = new Map(
      formatList.map((blockFormat, format) => {
        const { byKernel, encoding } = multiplicationOf(blockFormat, options.arithmetic);
        const encodingIndex = encodingNames.indexOf(encoding);
        const weightWork = Math.max(1, blockFormat.blockBytes / blockFormat.blockElements);
        return [blockFormat, { format, byKernel, weightWork, encoding, encodingIndex }];
      }),
    );
  }

  encodingFor(matrix: CpuMatrix): EncodingName {
    return this.#recipeOf(matrix).encoding;
  }

  /** Bytes of a row of activations as `matrix` wants it. */
  encodedRowBytes(matrix: CpuMatrix): number {
    return encodings[this.#recipeOf(matrix).encoding].rowBytes(matrix.columns);
  }

  /** `x` as `matrix` wants it; made at most once per `x`, perhaps only in the round under way. */
  encode(x: CpuHidden, matrix: CpuMatrix): Rows {
    const { encoding, encodingIndex } = this.#recipeOf(matrix);
    if (encoding === "f32") return x;
    const encoded = x.encodedAs(encodingIndex);
    if (encoded.address !== 0) return encoded;
    const { workspace, schedule } = this.#options;
    encoded.place(workspace.allocate(x.tokens * encodings[encoding].rowBytes(x.width)), x.tokens);
    const job = schedule.addByRow(encode, encodeWork * x.width, x, x, encoded);
    job.encoding = encodingIndex;
    job.source = x.address;
    job.output = encoded.address;
    job.columns = x.width;
    if (activationEvents.hasSubscribers) this.#announce(x, matrix, encoding, encoded);
    return encoded;
  }

  #announce(x: CpuHidden, matrix: CpuMatrix, encoding: EncodingName, encoded: Rows): void {
    const hub = this.#options.hub();
    if (hub === undefined) return;
    this.#options.schedule.finish(encoded);
    const { tokens, width } = x;
    const encodedEnd = encoded.address + tokens * encodings[encoding].rowBytes(width);
    publish("sluice:activation", () => ({
      model: this.#options.model,
      matrix: matrix.name,
      encoding,
      tokens,
      width,
      values: x.floats(hub.bytes.buffer),
      encoded: hub.bytes.subarray(encoded.address, encodedEnd),
    }));
  }

  /**
   * Appends the product of a matrix, which lies in `region`, with all of `x`.
   *
   * @param bias address in the hub of f32 `[matrix.rows]`; 0 for none
   */
  multiply(matrix: CpuMatrix, region: Region, x: CpuHidden, output: CpuHidden, bias: number): void {
    const { schedule } = this.#options;
    const encoded = this.encode(x, matrix);
    schedule.finish(encoded);
    const { arena, address } = region;
    this.multiplyRows(matrix, arena, address, encoded.address, x.tokens, output.address, bias);
    schedule.noteRead(encoded);
    schedule.noteWritten(output);
  }

  /**
   * Appends the product of a matrix with some rows.
   *
   * @param input  address in the hub of `tokens` rows, encoded for `matrix` in an earlier round
   * @param output address in the hub of f32 `[tokens, matrix.rows]`; it is the caller's to know
   *   that they are not there before the round has ended
   */
  multiplyRows(
    matrix: CpuMatrix,
    arena: Arena,
    address: number,
    input: number,
    tokens: number,
    output: number,
    bias: number = 0,
  ): void {
    const { schedule } = this.#options;
    const { format, byKernel, weightWork } = this.#recipeOf(matrix);
    if (schedule.jobs.isFull) schedule.finishAll();
    // A kernel reads and writes one memory.
    const isStaged = byKernel && arena.index !== 0;
    const inputBytes = isStaged ? tokens * this.encodedRowBytes(matrix) : 0;
    const outputBytes = tokens * matrix.rows * 4;
    const staged = isStaged ? this.#stagedIn(arena, input, inputBytes, outputBytes) : undefined;
    const activations =
      staged === undefined ? input : this.#copyIn(staged, arena, input, inputBytes);
    const kind = byKernel ? matvec : decodedMatvec;
    const job = schedule.add(kind, matrix.rows, weightWork * matrix.columns * tokens, arena.index);
    job.format = format;
    job.matrix = address;
    job.activations = activations;
    job.output = staged === undefined ? output : staged.staging.allocate(outputBytes);
    job.columns = matrix.columns;
    job.tokens = tokens;
    job.outputStride = matrix.rows;
    job.hubOutput = staged === undefined ? 0 : output;
    job.bias = bias;
  }

  #recipeOf(matrix: CpuMatrix): Recipe {
    const recipe = this.#recipes.get(matrix.format);
    if (recipe === undefined)
      throw new Error(`${matrix.format.name} is not in the list of formats`);
    return recipe;
  }

  /**
   * The staging of the round under way, with room for a job. It starts empty, whatever an earlier
   * round has left there.
   */
  #stagedIn(arena: Arena, input: number, inputBytes: number, outputBytes: number): Staged {
    const { schedule, stagingOf } = this.#options;
    let staged = this.#staged.get(arena);
    if (staged === undefined) {
      staged = { round: 0, staging: stagingOf(arena), inputs: new Map() };
      this.#staged.set(arena, staged);
    }
    // A listener's questions may end rounds elsewhere than in the measured batch, so that one holds
    // more than any of that did. Each job by itself has found room.
    if (staged.round === schedule.round) {
      const isCopied = staged.inputs.has(input);
      const byteLength = isCopied ? outputBytes : inputBytes + outputBytes;
      if (!staged.staging.hasRoomFor(byteLength, isCopied ? 1 : 2)) schedule.finishAll();
    }
    if (staged.round !== schedule.round) {
      staged.round = schedule.round;
      staged.staging.release(0);
      staged.inputs.clear();
    }
    return staged;
  }

  /** Address of a copy in `arena` of rows in the hub; made once a round. */
  #copyIn({ staging, inputs }: Staged, arena: Arena, input: number, byteLength: number): number {
    const made = inputs.get(input);
    if (made !== undefined) return made;
    const copy = staging.allocate(byteLength);
    const hub = this.#options.hub();
    if (hub !== undefined) arena.bytes.set(hub.bytes.subarray(input, input + byteLength), copy);
    inputs.set(input, copy);
    return copy;
  }
}
