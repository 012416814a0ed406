/** Reads a profile as `node --cpu-prof` writes it: time by function, of its last milliseconds. */
import { basename } from "node:path";

/** What is used of a `.cpuprofile`. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  /** Ids of the nodes that were seen running, and the microseconds from one to the next. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/**
 * Share of the time that each function took itself, the longest first; WebAssembly counts as one
 * function, "(kernels)".
 *
 * @param lastMs how much of the profile's end is looked at
 */
export function selfShares(profile: CpuProfile, lastMs: number): [name: string, share: number][] {
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node.callFrame)]));
  const shares = new Map<string, number>();
  const windowUs = 1000 * lastMs;
  let us = 0;
  for (let index = profile.samples.length - 1; index >= 0 && us < windowUs; index--) {
    const delta = profile.timeDeltas[index];
    const name = names.get(profile.samples[index]) ?? "?";
    shares.set(name, (shares.get(name) ?? 0) + delta);
    us += delta;
  }
  return Array.from(shares, ([name, own]): [string, number] => [name, own / us]).sort(
    (a, b) => b[1] - a[1],
  );
}

function nameOf({ functionName, url }: { functionName: string; url: string }): string {
  if (url.startsWith("wasm:")) return "(kernels)";
  const file = url === "" ? "" : ` ${basename(url)}`;
  return `${functionName === "" ? "(anonymous)" : functionName}${file}`;
}
