/**
 * Steps on their way to a GPU: queued when a verb is called, run in order by `submit`. Until then a
 * later verb may make one step of two. The parameters of all steps of one submission go up in one
 * write; bind groups are made once, since the same step of the next token meets the same buffers.
 */
import type { GpuBuffer } from "./gpuTensors.ts";
import type { ShaderVariant } from "./shaderLibrary.ts";

/** A parameter of a shader that is an f32; plain numbers are u32. */
interface FloatParameter {
  readonly float: number;
}

export type Grid = readonly [x: number, y?: number, z?: number];

/** One dispatch. */
export interface GpuStep {
  /** `gpu/<shader>.wgsl` */
  readonly shader: string;
  readonly variant?: ShaderVariant;
  /** By binding number; the parameters are bound behind the last. */
  readonly bindings: readonly (GpuBuffer | undefined)[];
  /** In the order of the shader's `Parameters`. */
  readonly parameters: readonly (number | FloatParameter)[];
  readonly grid: Grid;
}

/** A step on its way: until it is handed over it may be replaced by one that does more. */
export class QueuedStep {
  #step: GpuStep;
  #isOpen = true;

  constructor(step: GpuStep) {
    this.#step = step;
  }

  get step(): GpuStep {
    return this.#step;
  }

  /** Whether it may still be replaced. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  replace(step: GpuStep): void {
    if (!this.#isOpen) throw new Error(`${this.#step.shader} is on its way already`);
    this.#step = step;
  }

  close(): void {
    this.#isOpen = false;
  }
}

export interface PipelineSource {
  readonly pipeline: (shader: string, variant?: ShaderVariant) => GPUComputePipeline;
}

/** Bytes between the parameters of two steps: offsets of uniform bindings are multiples of this. */
const parameterStride = 256;
/** Steps of one submission. */
const stepLimit = 2048;
/** Bind groups that are kept: those of a token of a large model, of some sequences. */
const bindGroupLimit = 16_384;
/** Bytes that a step's parameters may take. */
const parameterBytes = 64;

export class GpuProgram {
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineSource;
  readonly #parameters: GPUBuffer;
  readonly #words = new Uint32Array((stepLimit * parameterStride) / 4);
  readonly #floats = new Float32Array(this.#words.buffer);
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly #pipelineIds = new Map<GPUComputePipeline, number>();
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  readonly #queue: QueuedStep[] = [];
  #steps = 0;
  #dispatches = 0;
  /** While set, it is told of the steps, and they go nowhere: a batch is only rehearsed. */
  rehearsal: ((step: GpuStep) => void) | undefined;

  constructor(device: GPUDevice, pipelines: PipelineSource, usage: GPUBufferUsageFlags) {
    this.#device = device;
    this.#pipelines = pipelines;
    const size = stepLimit * parameterStride;
    this.#parameters = device.createBuffer({ size, usage, label: "parameters" });
  }

  get byteLength(): number {
    return this.#parameters.size;
  }

  /** Dispatches so far. */
  get dispatches(): number {
    return this.#dispatches;
  }

  run(step: GpuStep): QueuedStep {
    if (this.#steps + this.#queue.length === stepLimit) this.submit();
    const queued = new QueuedStep(step);
    this.#queue.push(queued);
    return queued;
  }

  /**
   * Whether a step is still queued, and none behind it has anything to do with these buffers. Then
   * what the step does to them may as well be done now, and what is to be done to them now, there.
   */
  isUntouchedSince(queued: QueuedStep, buffers: readonly GpuBuffer[]): boolean {
    if (!queued.isOpen) return false;
    for (let index = this.#queue.length - 1; this.#queue[index] !== queued; index--) {
      const { bindings } = this.#queue[index]!.step;
      if (bindings.some((binding) => binding !== undefined && buffers.includes(binding)))
        return false;
    }
    return true;
  }

  /** Puts a step that is still queued behind all others. */
  moveToEnd(queued: QueuedStep): void {
    const index = this.#queue.lastIndexOf(queued);
    this.#queue.push(...this.#queue.splice(index, 1));
  }

  /** Copies bytes between buffers, after all steps so far. */
  copy(from: GPUBuffer, fromByte: number, to: GPUBuffer, toByte: number, byteLength: number): void {
    this.#encodeQueue();
    if (this.rehearsal !== undefined) return;
    this.#closePass();
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(from, fromByte, to, toByte, byteLength);
  }

  /** Hands everything recorded to the device. */
  submit(): void {
    this.#encodeQueue();
    this.#closePass();
    const encoder = this.#encoder;
    if (encoder === undefined) return;
    this.#encoder = undefined;
    const bytes = this.#steps * parameterStride;
    if (bytes > 0)
      this.#device.queue.writeBuffer(this.#parameters, 0, this.#words.buffer, 0, bytes);
    this.#steps = 0;
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Forgets what was recorded and not submitted. */
  discard(): void {
    for (const queued of this.#queue.splice(0)) queued.close();
    this.#closePass();
    this.#encoder = undefined;
    this.#steps = 0;
  }

  #encodeQueue(): void {
    for (const queued of this.#queue.splice(0)) {
      queued.close();
      if (this.rehearsal === undefined) this.#encode(queued.step);
      else this.rehearsal(queued.step);
    }
  }

  #encode(step: GpuStep): void {
    if (step.grid.some((count) => count === 0)) return;
    const pipeline = this.#pipelines.pipeline(step.shader, step.variant);
    const slot = this.#steps++;
    this.#write(slot, step.parameters);
    const pass = this.#openPass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#bindGroup(pipeline, step.bindings, slot));
    pass.dispatchWorkgroups(...(step.grid as [number, number?, number?]));
    this.#dispatches++;
  }

  #openPass(): GPUComputePassEncoder {
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    return this.#pass;
  }

  #closePass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  #write(slot: number, parameters: GpuStep["parameters"]): void {
    if (parameters.length * 4 > parameterBytes)
      throw new RangeError("a step has too many parameters");
    const at = (slot * parameterStride) / 4;
    for (const [index, value] of parameters.entries()) {
      if (typeof value === "number") this.#words[at + index] = value;
      else this.#floats[at + index] = value.float;
    }
  }

  #bindGroup(
    pipeline: GPUComputePipeline,
    bindings: GpuStep["bindings"],
    slot: number,
  ): GPUBindGroup {
    let key = `${this.#idOf(pipeline)}/${slot}`;
    for (const binding of bindings) key += binding === undefined ? "," : `,${binding.id}`;
    const known = this.#bindGroups.get(key);
    if (known !== undefined) return known;
    const entries: GPUBindGroupEntry[] = bindings.flatMap((binding, index) =>
      binding === undefined ? [] : [{ binding: index, resource: { buffer: binding.buffer } }],
    );
    const offset = slot * parameterStride;
    const resource = { buffer: this.#parameters, offset, size: parameterBytes };
    entries.push({ binding: bindings.length, resource });
    if (this.#bindGroups.size === bindGroupLimit) this.#bindGroups.clear();
    const layout = pipeline.getBindGroupLayout(0);
    const group = this.#device.createBindGroup({ layout, entries });
    this.#bindGroups.set(key, group);
    return group;
  }

  #idOf(pipeline: GPUComputePipeline): number {
    const known = this.#pipelineIds.get(pipeline);
    if (known !== undefined) return known;
    const id = this.#pipelineIds.size;
    this.#pipelineIds.set(pipeline, id);
    return id;
  }
}
