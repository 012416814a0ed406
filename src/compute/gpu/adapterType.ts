/** Whether a GPU has memory of its own. WebGPU does not tell, so it is read off the names. */

export type AdapterType = "discrete" | "integrated" | "cpu";

export interface NamedAdapter {
  readonly name: string;
  /** Lower-case: `nvidia`. */
  readonly vendor: string;
  readonly isCpu: boolean;
}

/** What tells the rarer kind of each vendor's GPUs. */
const exceptions: Readonly<
  Record<string, { readonly usual: AdapterType; readonly other: RegExp }>
> = {
  nvidia: { usual: "discrete", other: /tegra|xavier|orin|thor|\bgb10\b/i },
  // Those inside processors: "Radeon Graphics", "Radeon Vega 8 Graphics", "Radeon 780M", "8060S".
  amd: { usual: "discrete", other: /radeon(\(tm\))? (vega \d+ )?graphics|\b\d{3}m\b|\b80\d0s\b/i },
  // "Arc A770", "Arc B580" and "Data Center GPU Flex" are cards, "Arc Graphics" is not.
  intel: { usual: "integrated", other: /\b[ab]\d{3}m?\b|data center|\bpro [ab]\d+/i },
};

/** All other vendors build GPUs into processors. */
export function adapterType({ name, vendor, isCpu }: NamedAdapter): AdapterType {
  if (isCpu) return "cpu";
  const known = exceptions[vendor];
  if (known === undefined) return "integrated";
  const rarer = known.usual === "discrete" ? "integrated" : "discrete";
  return known.other.test(name) ? rarer : known.usual;
}
