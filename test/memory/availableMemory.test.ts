import { freemem } from "node:os";
import { expect, test } from "vitest";
import { availableMemory } from "../../src/memory/availableMemory.ts";

const gib = 2 ** 30;

/** A machine with 16 GiB free, and these files. */
function available(files: Readonly<Record<string, string>>): number {
  return availableMemory({ freeBytes: 16 * gib, readText: (path) => files[path] }) / gib;
}

test("without control groups it is what is free", () => {
  expect(available({})).toBe(16);
  expect(availableMemory()).toBeGreaterThan(0);
  expect(availableMemory()).toBeLessThanOrEqual(freemem() * 1.1);
});

test("a container's limit counts, and cached file pages are room", () => {
  const files = {
    "/proc/self/cgroup": "0::/\n",
    "/sys/fs/cgroup/memory.max": `${4 * gib}\n`,
    "/sys/fs/cgroup/memory.high": "max\n",
    "/sys/fs/cgroup/memory.current": `${3 * gib}\n`,
    "/sys/fs/cgroup/memory.stat": `anon ${gib}\nfile ${2 * gib}\nactive_file ${gib / 2}\ninactive_file ${gib}\n`,
  };
  expect(available(files)).toBe(2.5);
  expect(available({ ...files, "/sys/fs/cgroup/memory.high": `${3.5 * gib}` })).toBe(2);
  expect(available({ ...files, "/sys/fs/cgroup/memory.max": "max" })).toBe(16);
  expect(available({ ...files, "/sys/fs/cgroup/memory.current": `${9 * gib}` })).toBe(0);
});

test("each group around the process has a limit of its own, and a use of its own", () => {
  const slice = "/sys/fs/cgroup/user.slice";
  const files = {
    "/proc/self/cgroup": "0::/user.slice/run.scope\n",
    "/sys/fs/cgroup/memory.stat": `anon ${9 * gib}\n`, // of the whole machine, which has no limit
    [`${slice}/memory.max`]: `${8 * gib}`,
    [`${slice}/memory.current`]: `${5 * gib}`,
    [`${slice}/memory.stat`]: "active_file 0\n",
    [`${slice}/run.scope/memory.max`]: `${6 * gib}`,
    [`${slice}/run.scope/memory.current`]: `${gib}`,
  };
  expect(available(files)).toBe(3);
  expect(available({ ...files, [`${slice}/memory.max`]: "max" })).toBe(5);
});

test("the older interface is read, also where both are mounted", () => {
  const group = "/sys/fs/cgroup/memory/docker/abc";
  const files = {
    "/proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${12 * gib}`,
    [`${group}/memory.limit_in_bytes`]: `${2 * gib}`,
    [`${group}/memory.usage_in_bytes`]: `${gib}`,
    [`${group}/memory.stat`]: `cache 5\ntotal_active_file ${gib / 4}\ntotal_inactive_file ${gib / 4}\n`,
  };
  expect(available(files)).toBe(1.5);
});

test("a container that sees its own group as the root is found there", () => {
  const files = {
    "/proc/self/cgroup": "4:memory:/docker/abc\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${2 * gib}`,
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${gib}`,
  };
  expect(available(files)).toBe(1);
});
