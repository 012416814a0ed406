/**
 * Models of one test file share devices: shaders that one has compiled are there for the next, which
 * saves the seconds that a driver takes for them. A model that is closed leaves its device as it
 * found it, without its buffers.
 */
import { afterAll } from "vitest";
import { GpuDevice } from "../../../src/compute/gpu/gpuDevice.ts";
import { bufferUsage } from "../../../src/compute/gpu/webgpu.ts";

type Opening = Parameters<typeof GpuDevice.open>;

interface SharedDevice {
  readonly device: GpuDevice;
  /** Really closes it. */
  readonly close: () => Promise<void>;
}

/** From here on until the file's end. */
export function shareDevices(): void {
  const { open } = GpuDevice;
  const shared = new Map<string, Promise<SharedDevice>>();
  // Not a spy of vitest, which a test that restores its own would take away.
  GpuDevice.open = async (...opening: Opening) => {
    const key = JSON.stringify(opening);
    const known = shared.get(key) ?? open.apply(GpuDevice, opening).then(asShared);
    shared.set(key, known);
    return (await known).device;
  };
  afterAll(async () => {
    GpuDevice.open = open;
    for (const one of shared.values()) await (await one).close();
  });
}

function asShared(device: GpuDevice): SharedDevice {
  const close = device[Symbol.asyncDispose].bind(device);
  rememberPipelines(device.device);
  const destroyBuffers = countBuffers(device.device);
  Object.defineProperty(device, Symbol.asyncDispose, {
    value: async () => {
      await device.settle();
      destroyBuffers();
    },
  });
  return { device, close };
}

/** Texts and constants that were compiled before are not compiled again. */
function rememberPipelines(device: GPUDevice): void {
  const compile = device.createShaderModule.bind(device);
  const link = device.createComputePipelineAsync.bind(device);
  const modules = new Map<string, GPUShaderModule>();
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  device.createShaderModule = (descriptor) => {
    const module = modules.get(descriptor.code) ?? compile(descriptor);
    modules.set(descriptor.code, module);
    return module;
  };
  const numbers = new Map<GPUShaderModule, number>();
  device.createComputePipelineAsync = (descriptor) => {
    const { module, constants } = descriptor.compute;
    if (!numbers.has(module)) numbers.set(module, numbers.size);
    const key = JSON.stringify([numbers.get(module), constants]);
    const pipeline = pipelines.get(key) ?? link(descriptor);
    pipelines.set(key, pipeline);
    return pipeline;
  };
}

/** Returns what destroys the buffers made since it was last called, but those that the device keeps. */
function countBuffers(device: GPUDevice): () => void {
  const create = device.createBuffer.bind(device);
  const buffers: GPUBuffer[] = [];
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    if ((descriptor.usage & bufferUsage.MAP_READ) === 0) buffers.push(buffer);
    return buffer;
  };
  return () => {
    for (const buffer of buffers.splice(0)) buffer.destroy();
  };
}
