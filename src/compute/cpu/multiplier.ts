/**
 * Multiplies activations by weight matrices wherever these lie: encodes the activations once per
 * kind of matrix, copies them to the arenas that need them, and runs all rows in one round.
 */
import type { Arena, Region } from "../../memory/arena.ts";
import { publish } from "../../support/events.ts";
import type { CpuHidden, CpuMatrix } from "./cpuTensors.ts";
import {
  type Arithmetic,
  type EncodingName,
  encodingNames,
  encodings,
  multiplicationOf,
} from "./encodings.ts";
import type { JobExtent, JobList } from "./jobList.ts";
import { encode } from "./jobs/encode.ts";
import { decodedMatvec, matvec } from "./jobs/matvec.ts";
import { formatList } from "./threadArena.ts";
import type { Workspace } from "./workspace.ts";

/** One matrix meeting one batch of encoded rows. */
export interface Product {
  readonly matrix: CpuMatrix;
  readonly region: Region;
  /** Address in the hub of `tokens` rows, encoded as `encodingFor(matrix)` says. */
  readonly input: number;
  readonly tokens: number;
  /** Address in the hub of f32 `[tokens, matrix.rows]`. */
  readonly output: number;
}

export interface MultiplierOptions {
  /** What events carry as their model. */
  readonly model: object;
  readonly arithmetic: Arithmetic;
  readonly workspace: Workspace;
  /** A workspace in each arena but the hub, for copies of inputs and outputs. */
  readonly stagingOf: (arena: Arena) => Workspace;
  /** Runs a round; does nothing while a batch is only measured. */
  readonly run: (jobs: JobList) => void;
  readonly jobs: JobList;
  readonly hub: () => Arena | undefined;
}

/** What one call has copied to an arena: hub addresses of inputs to their copies. */
interface Staged {
  readonly staging: Workspace;
  readonly inputs: Map<number, number>;
}

export class Multiplier {
  readonly #options: MultiplierOptions;

  constructor(options: MultiplierOptions) {
    this.#options = options;
  }

  encodingFor(matrix: CpuMatrix): EncodingName {
    return multiplicationOf(matrix.format, this.#options.arithmetic).encoding;
  }

  /** Address of `x` as `matrix` wants it; made at most once per `x`. */
  encode(x: CpuHidden, matrix: CpuMatrix): number {
    const name = this.encodingFor(matrix);
    if (name === "f32") return x.address;
    const made = x.encoded.get(name);
    if (made !== undefined) return made;
    const { workspace, jobs, run } = this.#options;
    const output = workspace.allocate(x.tokens * encodings[name].rowBytes(x.width));
    jobs.add(
      encode,
      { items: x.tokens, workPerItem: 4 * x.width },
      { encoding: encodingNames.indexOf(name), source: x.address, output, columns: x.width },
    );
    run(jobs);
    x.encoded.set(name, output);
    this.#announce(x, matrix, name, output);
    return output;
  }

  #announce(x: CpuHidden, matrix: CpuMatrix, encoding: EncodingName, output: number): void {
    const hub = this.#options.hub();
    if (hub === undefined) return;
    const { tokens, width } = x;
    publish("sluice:activation", () => ({
      model: this.#options.model,
      matrix: matrix.name,
      encoding,
      tokens,
      width,
      values: new Float32Array(hub.bytes.buffer, x.address, tokens * width),
      encoded: hub.bytes.subarray(output, output + tokens * encodings[encoding].rowBytes(width)),
    }));
  }

  /** Computes all products in one round (in several when they are more than one round holds). */
  multiply(products: readonly Product[]): void {
    const { jobs, run } = this.#options;
    const staged = new Map<Arena, Staged>();
    for (const product of products) {
      if (!jobs.fits(extentOf(product))) run(jobs);
      const { byKernel } = multiplicationOf(product.matrix.format, this.#options.arithmetic);
      if (!byKernel || product.region.arena.index === 0) {
        this.#addJob(product, byKernel, product.input, product.output, 0);
        continue;
      }
      const place = this.#stage(staged, product.region.arena);
      const input = place.inputs.get(product.input) ?? this.#copyIn(product, place.staging);
      place.inputs.set(product.input, input);
      const output = place.staging.allocate(product.tokens * product.matrix.rows * 4);
      this.#addJob(product, byKernel, input, output, product.output);
    }
    if (jobs.jobCount > 0) run(jobs);
  }

  /** The staging of one call. It starts empty, whatever a failed call before has left there. */
  #stage(staged: Map<Arena, Staged>, arena: Arena): Staged {
    const known = staged.get(arena);
    if (known !== undefined) return known;
    const staging = this.#options.stagingOf(arena);
    staging.release(0);
    const place = { staging, inputs: new Map<number, number>() };
    staged.set(arena, place);
    return place;
  }

  #addJob(
    product: Product,
    byKernel: boolean,
    input: number,
    output: number,
    hubOutput: number,
  ): void {
    const { matrix, region, tokens } = product;
    this.#options.jobs.add(byKernel ? matvec : decodedMatvec, extentOf(product), {
      format: formatList.indexOf(matrix.format),
      matrix: region.address,
      activations: input,
      output,
      columns: matrix.columns,
      tokens,
      outputStride: matrix.rows,
      hubOutput,
    });
  }

  #copyIn({ matrix, region, input, tokens }: Product, staging: Workspace): number {
    const byteLength = tokens * encodings[this.encodingFor(matrix)].rowBytes(matrix.columns);
    const copy = staging.allocate(byteLength);
    const hub = this.#options.hub();
    if (hub !== undefined)
      region.arena.bytes.set(hub.bytes.subarray(input, input + byteLength), copy);
    return copy;
  }
}

/** Kernels read up to four rows side by side, and prefetch best over longer stretches. */
const rowGranule = 16;

function extentOf({ matrix, region, tokens }: Product): JobExtent {
  const workPerItem = matrix.columns * tokens;
  return { arena: region.arena.index, items: matrix.rows, workPerItem, granule: rowGranule };
}
