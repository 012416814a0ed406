/**
 * A program of its own: lists the GPUs, opens each, moves some bytes through it, and prints what it
 * found as a line of JSON. Drivers crash, hang, and write to stderr past Node; here they may.
 */
import { usefulFeatures, usefulLimits } from "./deviceRequest.ts";
import { type AdapterName, GpuDevice, platformBackend } from "./gpuDevice.ts";
import { GpuUnavailableError } from "./gpuErrors.ts";
import type { AdapterFacts, BrokenAdapter, ProbeReport } from "./probeReport.ts";
import { bufferUsage, createInstance } from "./webgpu.ts";

/** A name that no adapter has: who asks for it is told those there are. */
const nobody = "adapter=\u0001none";

// A line of its own, whatever a driver has printed.
process.stdout.write(`\n${JSON.stringify(await report())}\n`);

async function report(): Promise<ProbeReport> {
  const adapters: AdapterFacts[] = [];
  const broken: BrokenAdapter[] = [];
  try {
    const names = await adapterNames();
    for (const name of new Set(names)) {
      const sameNameCount = names.filter((other) => other === name).length;
      const found = await probe({ name, backend: platformBackend }, sameNameCount);
      if ("fault" in found) broken.push(found);
      else adapters.push(found);
    }
    return { adapters, broken, absence: undefined };
  } catch (error) {
    if (!(error instanceof GpuUnavailableError)) throw error;
    return { adapters, broken, absence: { reason: error.reason, message: error.message } };
  }
}

/** Names in Dawn's order; one name can come twice. */
async function adapterNames(): Promise<string[]> {
  using instance = await createInstance([`backend=${platformBackend}`, nobody]);
  try {
    // Null where there is no adapter of any name.
    await instance.gpu.requestAdapter();
    return [];
  } catch (error) {
    const lines = String(error).matchAll(/^ \* backend: '([^']*)', name: '(.*)'$/gm);
    return [...lines].filter(([, backend]) => backend === platformBackend).map((line) => line[2]!);
  }
}

async function probe(
  adapter: Required<AdapterName>,
  sameNameCount: number,
): Promise<AdapterFacts | BrokenAdapter> {
  try {
    await using device = await GpuDevice.open(adapter);
    await moveBytes(device);
    const { adapterInfo, features, limits } = device.device;
    return {
      ...adapter,
      sameNameCount,
      vendor: adapterInfo.vendor,
      architecture: adapterInfo.architecture,
      driver: adapterInfo.description,
      isCpu: adapterInfo.isFallbackAdapter,
      subgroupSizes: { least: adapterInfo.subgroupMinSize, most: adapterInfo.subgroupMaxSize },
      limits: usefulLimits(limits),
      features: usefulFeatures.filter((feature) => features.has(feature)),
    };
  } catch (error) {
    return { ...adapter, fault: error instanceof Error ? error.message : String(error) };
  }
}

/** A device must give back the bytes it was given. */
async function moveBytes(device: GpuDevice): Promise<void> {
  const usage = bufferUsage.COPY_SRC | bufferUsage.COPY_DST;
  const bytes = Uint8Array.from({ length: 4096 }, (_, index) => index * 7);
  const buffer = await device.createBuffer(bytes.length, usage, "probe");
  device.write(buffer, 0, bytes);
  const back = await device.read(buffer, 0, bytes.length);
  if (Buffer.compare(bytes, back) !== 0) throw new Error("it gives back other bytes than it got");
}
