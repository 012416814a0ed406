/**
 * The way to WebGPU: the optional package `webgpu` (Dawn for Node), loaded when it is first asked
 * for, and the objects of its that must not be garbage-collected.
 *
 * Source: https://github.com/dawn-gpu/node-webgpu; constants: W3C, WebGPU, 2025, sections 5.1 to 5.2.
 */
import { GpuUnavailableError } from "./gpuErrors.ts";

/** `GPUBufferUsage`, which is a global of browsers only. */
export const bufferUsage = {
  MAP_READ: 0x0001,
  MAP_WRITE: 0x0002,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
  INDIRECT: 0x0100,
  QUERY_RESOLVE: 0x0200,
} as const;

/** `GPUMapMode`. */
export const mapMode = { READ: 0x0001, WRITE: 0x0002 } as const;

/** An instance of Dawn: held until it is disposed of. */
export interface WebGpuInstance extends Disposable {
  readonly gpu: GPU;
}

interface WebGpuPackage {
  readonly create: (flags: string[]) => GPU;
}

/**
 * Dawn polls the instance behind a `GPU` object for as long as a promise of its devices is pending,
 * also when that object is garbage already: the process then crashes seconds later, far from the
 * cause. So they are kept here until their last device is gone.
 */
const held = new Set<GPU>();

/**
 * Workgroup memory is not zeroed for shaders: ours write it before they read it, and compiling is several
 * times faster without.
 */
const toggles = ["enable-dawn-features=disable_workgroup_init"];

/**
 * @param flags such as `backend=vulkan` and `adapter=NAME`; unknown ones are ignored
 * @throws GpuUnavailableError without the package
 */
export async function createInstance(flags: readonly string[]): Promise<WebGpuInstance> {
  const { create } = await loadPackage();
  // Mesa's device selection complains on stderr where there is no desktop session.
  if (process.env["XDG_RUNTIME_DIR"] === undefined) process.env["NODEVICE_SELECT"] ??= "1";
  const gpu = create([...flags, ...toggles]);
  held.add(gpu);
  return {
    gpu,
    [Symbol.dispose]: () => {
      held.delete(gpu);
    },
  };
}

async function loadPackage(): Promise<WebGpuPackage> {
  try {
    return (await import("webgpu")) as WebGpuPackage;
  } catch (cause) {
    throw unavailable(cause);
  }
}

function unavailable(cause: unknown): GpuUnavailableError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_PACKAGE_PATH_NOT_EXPORTED") {
    const text = 'the package "webgpu" is not installed; "npm install webgpu" brings it';
    return new GpuUnavailableError("package-missing", text, { cause });
  }
  if (code === "MODULE_NOT_FOUND") {
    const text = `the package "webgpu" has no build for ${process.platform}-${process.arch}`;
    return new GpuUnavailableError("platform-not-built", text, { cause });
  }
  const reason = String(message).split("\n", 1)[0];
  const text = `the package "webgpu" cannot be loaded (${reason}); "npm install webgpu" renews it`;
  return new GpuUnavailableError("addon-broken", text, { cause });
}
