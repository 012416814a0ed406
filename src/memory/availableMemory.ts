/**
 * How much memory this process may take: what the machine has free, and what its control groups
 * (the limits of containers and services) still allow.
 *
 * Source: Linux, Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.
 */
import { readFileSync } from "node:fs";
import { freemem } from "node:os";

/** What the system says; tests bring their own. */
export interface MemoryNews {
  /** Bytes free on the machine, cached files counted as free. */
  readonly freeBytes: number;
  /** The text of a file of the system, or `undefined` if there is none. */
  readonly readText: (path: string) => string | undefined;
}

/**
 * Bytes that can be taken without pushing anybody out: of the machine and of every control group
 * that this process belongs to, whichever has least. Cached file pages count as free: they give way.
 */
export function availableMemory(news: MemoryNews = systemNews()): number {
  const rooms = ownGroups(news).map((group) => roomIn(group, news));
  return Math.max(0, Math.min(news.freeBytes, ...rooms));
}

/** Names of a control group's files, by version of the kernel's interface. */
const versions = {
  v1: {
    mount: "/sys/fs/cgroup/memory",
    limits: ["memory.limit_in_bytes"],
    usage: "memory.usage_in_bytes",
    filePages: ["total_active_file", "total_inactive_file"],
  },
  v2: {
    mount: "/sys/fs/cgroup",
    limits: ["memory.max", "memory.high"],
    usage: "memory.current",
    filePages: ["active_file", "inactive_file"],
  },
} as const;

interface Group {
  readonly folder: string;
  readonly version: (typeof versions)[keyof typeof versions];
}

/**
 * The group of this process and those around it: each has a limit of its own. A container often sees
 * its own group as the root, under a path that only the host knows; so the root is always looked at.
 */
function ownGroups({ readText }: MemoryNews): Group[] {
  const lines = readText("/proc/self/cgroup")?.trim().split("\n") ?? [];
  for (const [pattern, version] of [
    [/^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/, versions.v1],
    [/^0::(.*)$/, versions.v2],
  ] as const) {
    const path = lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
    if (path === undefined) continue;
    const names = path.split("/").filter((name) => name !== "");
    return Array.from({ length: names.length + 1 }, (_, depth) => ({
      folder: [version.mount, ...names.slice(0, depth)].join("/"),
      version,
    }));
  }
  return [];
}

/** Bytes that a group may still take; infinitely many without a limit. */
function roomIn({ folder, version }: Group, { readText }: MemoryNews): number {
  const numberIn = (file: string) => Number(readText(`${folder}/${file}`)?.trim() || Number.NaN);
  const limits = version.limits.map(numberIn).filter((limit) => !Number.isNaN(limit));
  const used = numberIn(version.usage);
  if (limits.length === 0 || Number.isNaN(used)) return Number.POSITIVE_INFINITY;
  const statistics = readText(`${folder}/memory.stat`) ?? "";
  const cached = version.filePages.map((key) => statistic(statistics, key));
  return Math.min(...limits) - used + cached.reduce((sum, bytes) => sum + bytes, 0);
}

/** A line "key number"; 0 if there is none. */
function statistic(text: string, key: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${key} `));
  return line === undefined ? 0 : Number(line.slice(key.length + 1));
}

function systemNews(): MemoryNews {
  return {
    freeBytes: freemem(),
    readText: (path) => {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return undefined; // not this system, or not this kind of control group
      }
    },
  };
}
