/** What the probe tells, as JSON, the process that started it. */
import type { UsefulFeature, UsefulLimit } from "./deviceRequest.ts";
import type { GpuAbsence } from "./gpuErrors.ts";

/** An adapter that was opened and moved bytes. */
export interface AdapterFacts {
  /** As its driver spells it. */
  readonly name: string;
  /** Dawn's: `vulkan`, `metal` or `d3d12`. */
  readonly backend: string;
  /** Adapters of this very name; Dawn reaches only the first of them. */
  readonly sameNameCount: number;
  /** Lower-case, as WebGPU has it: `nvidia`. */
  readonly vendor: string;
  /** Such as `hopper`; may be empty. */
  readonly architecture: string;
  /** The driver and its version. */
  readonly driver: string;
  /** Whether it computes on the CPU. */
  readonly isCpu: boolean;
  readonly subgroupSizes: { readonly least: number; readonly most: number };
  readonly limits: Readonly<Record<UsefulLimit, number>>;
  readonly features: readonly UsefulFeature[];
}

/** An adapter that is there and does not work. */
export interface BrokenAdapter {
  readonly name: string;
  readonly backend: string;
  readonly fault: string;
}

export interface Absence {
  readonly reason: GpuAbsence;
  readonly message: string;
}

export interface ProbeReport {
  readonly adapters: readonly AdapterFacts[];
  readonly broken: readonly BrokenAdapter[];
  /** Why there are no adapters, or not those of a driver that was found. */
  readonly absence: Absence | undefined;
}
