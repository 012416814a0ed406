/** A device that compiles shaders and executes nothing: it takes the package `webgpu`, and no GPU. */
import { afterAll, beforeEach } from "vitest";
import { GpuDevice } from "../../src/compute/gpu/gpuDevice.ts";
import { GpuUnavailableError } from "../../src/compute/gpu/gpuErrors.ts";

/** Opens it for a test file, whose tests are skipped without the package. To be used in tests only. */
export async function nullDevice(): Promise<GpuDevice> {
  try {
    const device = await GpuDevice.open({ backend: "null" });
    afterAll(() => device[Symbol.asyncDispose]());
    return device;
  } catch (error) {
    if (!(error instanceof GpuUnavailableError) || process.env["REQUIRE_GPU"] === "1") throw error;
    const { message } = error;
    beforeEach(({ skip }) => skip(message));
    return undefined as unknown as GpuDevice; // no test gets to use it
  }
}
