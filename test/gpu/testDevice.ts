/**
 * The device of a test file. Without a GPU its tests are skipped and say why; with REQUIRE_GPU=1
 * they fail.
 *
 * ```ts
 * const device = await testDevice();
 * test("…", async () => { … device.device … });
 * ```
 */
import { afterAll, beforeEach } from "vitest";
import { type Adapter, chooseAdapters, listAdapters } from "../../src/compute/gpu/gpuAdapters.ts";
import { GpuDevice, type GpuDeviceOptions } from "../../src/compute/gpu/gpuDevice.ts";

/** Opens the best adapter, also one that computes on the CPU; closes it when the file is done. */
export async function testDevice(options: GpuDeviceOptions = {}): Promise<GpuDevice> {
  const found = await testAdapter();
  if (found === undefined) return standIn as GpuDevice;
  const device = await GpuDevice.open(found, options);
  afterAll(() => device[Symbol.asyncDispose]());
  return device;
}

let adapter: Promise<Adapter | undefined> | undefined;

/**
 * The adapter that tests use, for those that open devices themselves. Without one, the tests of the
 * file are skipped, or of the `describe` that asks first.
 */
export function testAdapter(): Promise<Adapter | undefined> {
  adapter ??= findAdapter();
  return adapter;
}

async function findAdapter(): Promise<Adapter | undefined> {
  const list = await listAdapters();
  const { devices, obstacle } = chooseAdapters("auto", list);
  const best = devices[0] ?? list.adapters[0];
  if (best === undefined) {
    const reason = obstacle?.message ?? "";
    if (process.env["REQUIRE_GPU"] === "1") throw new Error(`REQUIRE_GPU is set, but ${reason}`);
    process.stderr.write(`GPU tests are skipped: ${reason}\n`);
    beforeEach(({ skip }) => skip(reason));
  }
  return best;
}

/** Answers every call with itself: what a file prepares for tests that are skipped does no harm. */
const standIn: unknown = new Proxy(() => {}, {
  get: (_, key) => (key === "then" ? undefined : key === Symbol.toPrimitive ? () => 0 : standIn),
  apply: () => standIn,
  construct: () => standIn as object,
});
