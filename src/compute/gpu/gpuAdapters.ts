/** Which GPUs there are, and which of them a program wants. */
import { existsSync } from "node:fs";
import { OptionError } from "../../support/errors.ts";
import { quoted } from "../../support/quoted.ts";
import { type AdapterType, adapterType } from "./adapterType.ts";
import { GpuUnavailableError } from "./gpuErrors.ts";
import { type GpuMemory, gpuMemory } from "./gpuMemory.ts";
import type { Absence, AdapterFacts, BrokenAdapter, ProbeReport } from "./probeReport.ts";
import { runProbe } from "./probeRun.ts";

export interface Adapter extends AdapterFacts {
  readonly type: AdapterType;
  readonly memory: GpuMemory;
}

export interface AdapterList {
  readonly adapters: readonly Adapter[];
  readonly broken: readonly BrokenAdapter[];
  /** Why there are none, or not those of a driver that was found. */
  readonly absence: Absence | undefined;
}

/** An adapter that a device is to be opened on. */
interface ChosenAdapter extends Adapter {
  /** Its name, with a number from the second device of the same adapter on. */
  readonly label: string;
  /** This device's part, where several share the adapter. */
  readonly memory: GpuMemory;
}

export interface AdapterChoice {
  /** In the order asked for; the best one for `auto`. */
  readonly devices: readonly ChosenAdapter[];
  /** Why `auto` found none: one line for people. */
  readonly obstacle: Absence | undefined;
}

const noGpu: Absence = { reason: "adapter-missing", message: "there is no GPU" };

let known: Promise<AdapterList> | undefined;

/** The GPUs of this machine; asked once per process, in a process of its own. Never throws. */
export function listAdapters(): Promise<AdapterList> {
  known ??= runProbe().then(withMemory);
  return known;
}

async function withMemory({ adapters, broken, absence }: ProbeReport): Promise<AdapterList> {
  const complete = adapters.map(async (facts): Promise<Adapter> => {
    const named = { ...facts, type: adapterType(facts) };
    return { ...named, memory: await gpuMemory(named) };
  });
  return { adapters: await Promise.all(complete), broken, absence };
}

/**
 * @param spec `off`; `auto`, the best GPU if there is one; or names, separated by commas: any part
 *   that only one adapter has, in whatever case. The same adapter may come twice: two devices.
 * @throws OptionError for a name that fits none, or several
 * @throws GpuUnavailableError when a GPU was named and none can be used
 */
export async function selectAdapters(spec: string): Promise<AdapterChoice> {
  if (spec === "off") return { devices: [], obstacle: undefined };
  if (spec === "auto" && !mayHaveGpu()) return { devices: [], obstacle: noGpu };
  return chooseAdapters(spec, await listAdapters());
}

/**
 * Whether it is worth asking: a process to ask in takes longer than many a run. Linux shows graphics
 * cards as files, NVIDIA's driver has one of its own, WSL passes on those of Windows; and whoever names
 * drivers has some.
 */
export function mayHaveGpu(
  platform: NodeJS.Platform = process.platform,
  isThere: (path: string) => boolean = existsSync,
): boolean {
  if (platform !== "linux") return true;
  const isNamed = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].some((name) => process.env[name]);
  return isNamed || ["/dev/dri", "/dev/nvidiactl", "/dev/dxg"].some(isThere);
}

/** The same among adapters that are given. */
export function chooseAdapters(spec: string, list: AdapterList): AdapterChoice {
  if (spec === "auto") return chooseBest(list);
  // Drivers put commas into names, too: "llvmpipe (LLVM 15.0.7, 256 bits)".
  const isOneName = fitting(spec.trim(), list.adapters).length === 1;
  const names = isOneName ? [spec] : spec.split(",");
  return { devices: asDevices(names.map((name) => named(name.trim(), list))), obstacle: undefined };
}

/** More memory of its own is better; a GPU without is better than none. */
function chooseBest({ adapters, broken, absence }: AdapterList): AdapterChoice {
  const [best] = adapters
    .filter(({ type }) => type !== "cpu")
    .sort((a, b) =>
      a.type === b.type ? b.memory.bytes - a.memory.bytes : a.type === "discrete" ? -1 : 1,
    );
  if (best !== undefined) return { devices: asDevices([best]), obstacle: undefined };
  return { devices: [], obstacle: absence ?? brokenAbsence(broken) ?? cpuAbsence(adapters) };
}

function brokenAbsence([first]: readonly BrokenAdapter[]): Absence | undefined {
  if (first === undefined) return undefined;
  return { reason: "probe-failed", message: `${first.name} does not work: ${first.fault}` };
}

function cpuAbsence([first]: readonly Adapter[]): Absence {
  if (first === undefined) return noGpu;
  const message = `${first.name} computes on the CPU, where Sluice's own kernels are faster; it is used when --gpu names it`;
  return { reason: "only-cpu-adapters", message };
}

function named(name: string, { adapters, broken, absence }: AdapterList): Adapter {
  const [found, ...others] = fitting(name, adapters);
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined) {
    throw new OptionError(`the GPU ${quoted(name)} may be ${namesOf([found, ...others])}`);
  }
  const obstacle = brokenAbsence(fitting(name, broken)) ?? absence;
  if (obstacle !== undefined && adapters.length === 0) {
    throw new GpuUnavailableError(obstacle.reason, obstacle.message);
  }
  const why = obstacle === undefined ? "" : ` (${obstacle.message})`;
  throw new OptionError(`there is no GPU ${quoted(name)} but ${namesOf(adapters)}${why}`);
}

/** The adapter of that very name, else those whose names it is a part of. */
function fitting<T extends { readonly name: string }>(name: string, adapters: readonly T[]): T[] {
  const part = name.toLowerCase();
  const exact = adapters.filter((adapter) => adapter.name.toLowerCase() === part);
  if (exact.length > 0 || part === "") return exact;
  return adapters.filter((adapter) => adapter.name.toLowerCase().includes(part));
}

function namesOf(adapters: readonly Adapter[]): string {
  return new Intl.ListFormat("en", { type: "disjunction" }).format(
    adapters.map(({ name }) => name),
  );
}

/** One device for each; those of one adapter share its memory evenly. */
function asDevices(adapters: readonly Adapter[]): ChosenAdapter[] {
  return adapters.map((adapter, index) => {
    const count = adapters.filter((other) => other === adapter).length;
    const place = adapters.slice(0, index).filter((other) => other === adapter).length + 1;
    const { bytes, freeBytes, source } = adapter.memory;
    const part = (whole: number) => Math.floor(whole / count);
    const memory = {
      bytes: part(bytes),
      freeBytes: freeBytes === undefined ? undefined : part(freeBytes),
      source,
    };
    return { ...adapter, memory, label: place === 1 ? adapter.name : `${adapter.name} #${place}` };
  });
}
