/** Runs the matrix shaders over random weights, and the same products on the CPU. */
import type { Arithmetic } from "../../src/compute/cpu/encodings.ts";
import { encodedBytes } from "../../src/compute/cpu/wasmKernels.ts";
import type { GpuDevice } from "../../src/compute/gpu/gpuDevice.ts";
import type { MatvecShape, ShaderCall } from "../../src/compute/gpu/matvecShaders.ts";
import { ShaderLibrary } from "../../src/compute/gpu/shaderLibrary.ts";
import { bufferUsage } from "../../src/compute/gpu/webgpu.ts";
import type { FormatName } from "../../src/numerics/formats/blockFormat.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { KernelBed } from "../kernels/kernelBed.ts";
import { encode, kernelOf, multiply, type Product } from "../kernels/kernelRun.ts";
import { randomFloats, randomWeights, sumOfTerms } from "../kernels/randomRows.ts";

const { COPY_DST, COPY_SRC, STORAGE, UNIFORM } = bufferUsage;

const bed = new KernelBed();

/** Rows of whole blocks, of 32 values at least, so that the encodings suit them too. */
export function smallestRow(format: FormatName): number {
  return Math.max(32, formats[format].blockElements);
}

/** @param seed tells products of one shape apart */
export function randomProduct(shape: Omit<Product, "weights" | "x">, seed = 0): Product {
  const { format, rows, columns, tokens } = shape;
  const random = seededRandom(rows * 1000 + columns + tokens + 7919 * seed);
  const weights = randomWeights(random, format, rows, columns);
  return { format, rows, columns, tokens, weights, x: randomFloats(random, tokens * columns, 3) };
}

/** What the CPU's kernel makes of it: `[tokens, rows]`. */
export function onCpu(product: Product): Float32Array {
  return multiply(bed, bed.relaxed, product);
}

/** The activations as `fast` shaders take them. */
export function encodedInput({ format, columns, tokens, x }: Product): Uint8Array {
  bed.clear();
  const address = encode(bed, bed.relaxed, format, x, tokens);
  return bed.bytes(address, tokens * encodedBytes(kernelOf(format).activation, columns));
}

/** `silu(gate) * up` by the CPU's kernel. */
export function swigluOnCpu(gate: Float32Array, up: Float32Array): Float32Array {
  bed.clear();
  const output = bed.allocate(4 * gate.length);
  bed.relaxed.swiglu(bed.put(gate), bed.put(up), output, gate.length);
  return bed.floats(output, gate.length);
}

/** Plain f32 products, summed in f64, and what their errors are relative to: `[tokens, rows]`. */
export function inNumbers(product: Product): { values: number[]; sizes: number[] } {
  const { format, rows, columns, tokens, weights, x } = product;
  const rowBytes = weights.length / rows;
  const values: number[] = [];
  const sizes: number[] = [];
  const decoded = new Float32Array(columns);
  for (let token = 0; token < tokens; token++) {
    const input = x.subarray(token * columns, (token + 1) * columns);
    for (let row = 0; row < rows; row++) {
      const blocks = weights.subarray(row * rowBytes, (row + 1) * rowBytes);
      formats[format].dequantise(blocks, decoded);
      values.push(input.reduce((sum, value, i) => sum + decoded[i] * value, 0));
      sizes.push(sumOfTerms(format, blocks, input));
    }
  }
  return { values, sizes };
}

/**
 * A call with the tiles that a large matrix gets: small ones get small tiles, to keep a GPU busy, and
 * would not show what goes wrong between the rows of a tile.
 */
export function inLargeTiles(
  make: (shape: MatvecShape) => ShaderCall,
  shape: MatvecShape,
): ShaderCall {
  const { shader, variant } = make({ ...shape, rows: 2 ** 20 });
  const { WORKGROUP, LANES, ROWS } = variant.constants as Record<string, number>;
  const matrices = shader === "gateUp" ? 2 : 1;
  const { parameters, grid } = make(shape);
  const x = Math.ceil((shape.rows * matrices) / ((WORKGROUP / LANES) * ROWS));
  return { shader, variant, parameters, grid: [x, 1, grid[2] ?? 1] };
}

/**
 * Products of one shape but for their tokens, as an expert cache has them: each matrix in a slot, all
 * inputs together, and beside each product's group one of an absent slot. Output rows are numbered
 * through the products, with two more for each absent group; inputs lie in the opposite order.
 */
export class Slots {
  /** Where a slot's matrix begins: a multiple of 4, and of nothing more. */
  readonly weightBytes = 20;
  readonly slotBytes: number;
  readonly weights: Uint8Array;
  readonly groups: number[] = [];
  readonly inputRows: number[];
  readonly #products: readonly Product[];
  readonly #firstRows: number[] = [];
  readonly #outputRows: number;

  constructor(products: readonly Product[]) {
    this.#products = products;
    const [{ weights }] = products;
    this.slotBytes = Math.ceil((this.weightBytes + weights.length) / 4) * 4 + 8;
    this.weights = new Uint8Array(this.slotBytes * (products.length + 1));
    const tokens = products.reduce((sum, product) => sum + product.tokens, 0);
    this.#outputRows = tokens + 2 * products.length;
    this.inputRows = Array.from({ length: this.#outputRows }, () => 0);
    let row = 0;
    let input = tokens;
    for (const [i, product] of products.entries()) {
      const slot = products.length - i; // slot 0 is not used
      this.weights.set(product.weights, slot * this.slotBytes + this.weightBytes);
      this.groups.push(slot, row, product.tokens, 0, 0xffffffff, row + product.tokens, 2, 0);
      this.#firstRows.push(row);
      input -= product.tokens;
      for (let t = 0; t < product.tokens; t++) this.inputRows[row + t] = input + t;
      row += product.tokens + 2;
    }
  }

  get groupCount(): number {
    return this.groups.length / 4;
  }

  input(arithmetic: Arithmetic): Uint8Array {
    const parts = this.#products.map((product) =>
      arithmetic === "fast" ? encodedInput(product) : new Uint8Array(product.x.buffer),
    );
    return Buffer.concat(parts.reverse());
  }

  /** Results where they belong, `rest` elsewhere: `[output rows, matrix rows]`. */
  output(results: readonly Float32Array[], rest: number): Float32Array {
    const { rows } = this.#products[0];
    const output = new Float32Array(this.#outputRows * rows).fill(rest);
    for (const [i, result] of results.entries()) output.set(result, this.#firstRows[i] * rows);
    return output;
  }

  /** Of an output, what belongs to product i. */
  rowsOf(output: Float32Array, i: number): Float32Array {
    const { rows, tokens } = this.#products[i];
    return output.subarray(this.#firstRows[i] * rows, (this.#firstRows[i] + tokens) * rows);
  }
}

/** What a call's bindings hold. */
export interface Bindings {
  readonly weights: Uint8Array;
  readonly input: Uint8Array | Float32Array;
  /** What the output holds before. */
  readonly output: Float32Array;
  /** Grouped: four u32 a group. */
  readonly groups?: readonly number[];
  readonly inputRows?: readonly number[];
}

export class MatvecBench {
  readonly #device: GpuDevice;
  readonly #library: ShaderLibrary;

  constructor(device: GpuDevice) {
    this.#device = device;
    this.#library = new ShaderLibrary(device.device);
  }

  /** Compiles at once what a test will run. */
  async prepare(calls: readonly ShaderCall[]): Promise<void> {
    await this.#library.prepare(calls.map(({ shader, variant }) => ({ name: shader, variant })));
  }

  /** The output after the call. */
  async run(call: ShaderCall, bindings: Bindings): Promise<Float32Array> {
    await this.prepare([call]);
    const { device } = this.#device;
    const output = await this.#buffer(bindings.output);
    const buffers = [
      await this.#buffer(bindings.weights),
      await this.#buffer(bindings.input),
      output,
    ];
    if (bindings.groups !== undefined) {
      buffers.push(await this.#buffer(Uint32Array.from(bindings.groups)));
      buffers.push(await this.#buffer(Uint32Array.from(bindings.inputRows ?? [0])));
    }
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const parameters = Uint32Array.from({ length: 16 }, (_, i) => call.parameters[i] ?? 0);
    const uniform = await this.#buffer(parameters, UNIFORM);
    entries.push({ binding: 5, resource: { buffer: uniform } });
    const pipeline = this.#library.pipeline(call.shader, call.variant);
    const layout = pipeline.getBindGroupLayout(0);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...(call.grid as [number, number?, number?]));
    pass.end();
    device.queue.submit([encoder.finish()]);
    const bytes = await this.#device.read(output, 0, bindings.output.byteLength);
    for (const buffer of [...buffers, uniform]) buffer.destroy();
    return new Float32Array(bytes.buffer, bytes.byteOffset, bindings.output.length);
  }

  async #buffer(
    data: Uint8Array | Float32Array | Uint32Array,
    usage: number = STORAGE,
  ): Promise<GPUBuffer> {
    const made = await this.#device.createBuffer(
      data.byteLength,
      usage | COPY_DST | COPY_SRC,
      "test",
    );
    this.#device.write(made, 0, data);
    return made;
  }
}
