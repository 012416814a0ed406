/** One GPU in use: opened, kept alive, watched, and closed in the order that Dawn survives. */

import { requestDevice } from "./deviceRequest.ts";
import { DeviceWatch } from "./deviceWatch.ts";
import type { GpuFailureError } from "./gpuErrors.ts";
import { ReadbackRing } from "./readbackRing.ts";
import { createInstance, type WebGpuInstance } from "./webgpu.ts";

/** Which adapter, in the words of Dawn's list; without a name the first one. */
export interface AdapterName {
  readonly name?: string;
  /** @default platformBackend */
  readonly backend?: string;
}

export interface GpuDeviceOptions {
  /**
   * `adapter`: all the adapter can do. `default`: what every WebGPU adapter can do, to see that
   * nothing relies on more. @default "adapter"
   */
  readonly limits?: "adapter" | "default";
  /** What errors and events call it. @default the adapter's name */
  readonly label?: string;
}

const backends: Partial<Record<NodeJS.Platform, string>> = { darwin: "metal", win32: "d3d12" };

/** The backend of Dawn's that serves this system best; others would list the same GPUs again. */
export const platformBackend: string = backends[process.platform] ?? "vulkan";

/** Sizes of buffers, as vec4 elements and copies want them. */
const sizeStep = 16;

export class GpuDevice implements AsyncDisposable {
  readonly label: string;
  readonly device: GPUDevice;
  readonly #instance: WebGpuInstance;
  readonly #watch: DeviceWatch;
  readonly #readbacks: ReadbackRing;
  #closing: Promise<void> | undefined;

  /**
   * @throws GpuUnavailableError without the package, a driver, or that adapter
   * @throws GpuFailureError `gpu-error` when the adapter refuses to be opened
   */
  static async open(adapter: AdapterName = {}, options: GpuDeviceOptions = {}): Promise<GpuDevice> {
    const flags = [`backend=${adapter.backend ?? platformBackend}`];
    if (adapter.name !== undefined) flags.push(`adapter=${adapter.name}`);
    const instance = await createInstance(flags);
    try {
      const device = await requestDevice(instance.gpu, options.limits ?? "adapter");
      const label = options.label ?? adapter.name ?? device.adapterInfo.device;
      return new GpuDevice(label, device, instance);
    } catch (error) {
      instance[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(label: string, device: GPUDevice, instance: WebGpuInstance) {
    this.label = label;
    this.device = device;
    this.#instance = instance;
    this.#watch = new DeviceWatch(device, label);
    this.#readbacks = new ReadbackRing(device);
  }

  get features(): ReadonlySet<string> {
    return this.device.features;
  }

  get limits(): GPUSupportedLimits {
    return this.device.limits;
  }

  /** Resolves when the device is gone: lost, or closed by us. */
  get lost(): Promise<GpuFailureError> {
    return this.#watch.lost;
  }

  get isLost(): boolean {
    return this.#watch.isLost;
  }

  /** The first thing that went wrong with nobody waiting for it. What was computed since is void. */
  get failure(): GpuFailureError | undefined {
    return this.#watch.failure;
  }

  /** @throws GpuFailureError once the device is gone, or has refused a command */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  /**
   * A buffer of at least `byteLength` bytes, rounded up to 16, zeroed.
   *
   * @param usage of `bufferUsage`, added up
   * @throws GpuFailureError `gpu-out-of-memory`, after which the device can still be used
   */
  async createBuffer(byteLength: number, usage: number, label: string): Promise<GPUBuffer> {
    this.check();
    const size = Math.max(sizeStep, Math.ceil(byteLength / sizeStep) * sizeStep);
    const limit = this.limits.maxBufferSize;
    if (size > limit) {
      const reason = `a buffer of ${mebibytes(size)} MiB (${label}) is more than the ${mebibytes(limit)} MiB that one may have`;
      throw this.#watch.newFailure("gpu-out-of-memory", reason);
    }
    // The scopes of a device nest, so they are opened and closed in one go, without an await between.
    this.device.pushErrorScope("validation");
    this.device.pushErrorScope("out-of-memory");
    const buffer = this.device.createBuffer({ size, usage, label });
    const scopes = [this.device.popErrorScope(), this.device.popErrorScope()];
    const [full, invalid] = await this.#watch.unlessLost(Promise.all(scopes));
    if (full) {
      const reason = `no room for a buffer of ${mebibytes(size)} MiB (${label})`;
      throw this.#watch.newFailure("gpu-out-of-memory", reason, full);
    }
    if (invalid) throw this.#watch.refusal(invalid);
    return buffer;
  }

  /**
   * Writes bytes, after everything submitted before and before everything submitted later. What is
   * missing of a last word is filled with zeros.
   *
   * The only caller of `queue.writeBuffer`, which takes whole words. The bytes are copied before it
   * returns, also out of shared memory (which crashed Node 20; this package asks for 24).
   *
   * @param offset in the buffer; a multiple of 4
   */
  write(buffer: GPUBuffer, offset: number, data: ArrayBufferView): void {
    // lib.dom asks for unshared memory, as browsers do; Dawn for Node does not.
    const memory = data.buffer as ArrayBuffer;
    const rest = data.byteLength % 4;
    const whole = data.byteLength - rest;
    const { queue } = this.device;
    if (whole > 0)
      queue.writeBuffer(buffer, offset, new Uint8Array(memory, data.byteOffset, whole));
    if (rest === 0) return;
    const lastWord = new Uint8Array(4);
    lastWord.set(new Uint8Array(memory, data.byteOffset + whole, rest));
    queue.writeBuffer(buffer, offset + whole, lastWord);
  }

  /**
   * Bytes of a buffer (of usage `copySource`) after everything submitted so far.
   *
   * @throws GpuFailureError when the device is gone, or has refused a command
   */
  async read(buffer: GPUBuffer, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.check();
    // Copies move whole words.
    const before = offset % 4;
    const copied = Math.ceil((before + length) / 4) * 4;
    const target = this.takeReadback(copied);
    const encoder = this.device.createCommandEncoder({ label: "read" });
    encoder.copyBufferToBuffer(buffer, offset - before, target, 0, copied);
    this.device.queue.submit([encoder.finish()]);
    return new Uint8Array(await this.collect(target, copied), before, length);
  }

  /** A buffer of usage `COPY_DST` to copy at least so many bytes to, on loan until `collect`. */
  takeReadback(byteLength: number): GPUBuffer {
    return this.#readbacks.take(byteLength);
  }

  /**
   * The first bytes of a buffer on loan, once everything submitted that writes to it is done: a copy.
   *
   * @throws GpuFailureError when the device is gone, or has refused a command
   */
  async collect(buffer: GPUBuffer, byteLength: number): Promise<ArrayBuffer> {
    const bytes = await this.unlessLost(this.#readbacks.collect(buffer, byteLength));
    this.check();
    return bytes;
  }

  /**
   * Waits until everything submitted is done and the memory of destroyed buffers is given back, which
   * Dawn does when a later submission ends.
   */
  async settle(): Promise<void> {
    this.check();
    this.device.queue.submit([]);
    await this.unlessLost(this.device.queue.onSubmittedWorkDone());
    this.check();
  }

  /** The same promise, except that it rejects when the device is gone, even if Dawn forgets it. */
  unlessLost<T>(promise: Promise<T>): Promise<T> {
    return this.#watch.unlessLost(promise);
  }

  /** Closes the device. Whoever waits for it is told that it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#watch.expectEnd();
    this.device.destroy();
    await this.lost;
    this.#instance[Symbol.dispose]();
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
