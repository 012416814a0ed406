/** GPUs that fail: every failure is a typed error, nobody waits for ever, no process crashes. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { linesOf, runProgram } from "./runProgram.ts";
import { testAdapter } from "./testDevice.ts";

const adapter = await testAdapter();
const open = `const device = await GpuDevice.open(${JSON.stringify({ name: adapter?.name })});\n`;
const lost = expect.stringMatching(/^gpu-lost \| .*: the device was lost \(destroyed: /);

describe("a device that is lost", () => {
  test("ends a read under way, and refuses what comes after it", async () => {
    const body = `
      const buffer = await device.createBuffer(4096, usage, "test");
      const reading = told(device.read(buffer, 0, 4096));
      device.device.destroy();
      await reading;
      await told(device.read(buffer, 0, 4096));
      await told(device.createBuffer(16, usage, "test"));
      await told(device.settle());
      say(device.isLost, device.failure === await device.lost);`;
    expect(await linesOf(open + body)).toEqual([lost, lost, lost, lost, "true true"]);
  });

  test("ends a wait that Dawn has forgotten", async () => {
    const body = `
      const waiting = told(device.unlessLost(new Promise(() => {})));
      device.device.destroy();
      await waiting;`;
    expect(await linesOf(open + body)).toEqual([lost]);
  });

  test("says on closing that it was closed", async () => {
    const body = `
      const buffer = await device.createBuffer(4096, usage, "test");
      const reading = told(device.read(buffer, 0, 4096));
      await device[Symbol.asyncDispose]();
      await reading;`;
    const [line] = await linesOf(open + body);
    expect(line).toMatch(/^gpu-lost \| .*: the device was closed$/);
  });

  test("leaves another device of the same adapter at work", async () => {
    const body = `
      const other = await GpuDevice.open({ name: ${JSON.stringify(adapter?.name)} });
      device.device.destroy();
      await device.lost;
      const buffer = await other.createBuffer(16, usage, "test");
      other.write(buffer, 0, Uint8Array.of(1, 2, 3, 4));
      say(await other.read(buffer, 0, 5));`;
    expect(await linesOf(open + body)).toEqual(["1,2,3,4,0"]);
  });
});

describe("memory that does not suffice", () => {
  test("for a buffer beyond the adapter's limit is said with both sizes", async () => {
    const body = `
      await told(device.createBuffer(device.limits.maxBufferSize + 1, usage, "experts"));
      const buffer = await device.createBuffer(16, usage, "test");
      say(await device.read(buffer, 0, 2), device.failure);`;
    const [refused, after] = await linesOf(open + body);
    expect(refused).toMatch(
      /^gpu-out-of-memory \| .*: a buffer of \d+ MiB \(experts\) is more than the \d+ MiB that one may have$/,
    );
    expect(after).toBe("0,0 undefined");
  });

  /** Only a driver that computes on the CPU takes its memory from the process. */
  const canLimit = adapter?.type === "cpu" && existsSync("/usr/bin/prlimit");

  test.runIf(canLimit)("is told by the driver, and the device goes on", async () => {
    const body = `
      import { execFileSync } from "node:child_process";
      import { readFileSync } from "node:fs";
      const buffer = await device.createBuffer(16, usage, "test");
      await device.read(buffer, 0, 4);
      const pages = Number(readFileSync("/proc/self/statm", "utf8").split(" ")[0]);
      const limit = pages * 4096 + 300 * 2 ** 20;
      execFileSync("prlimit", ["--pid", String(process.pid), "--as=" + limit]);
      await told(device.createBuffer(700 * 2 ** 20, usage, "experts"));
      say(device.failure, await device.read(buffer, 0, 2));
      // With nobody waiting for the answer, it is remembered.
      device.device.createBuffer({ size: 700 * 2 ** 20, usage });
      await told(device.read(buffer, 0, 4));`;
    const [told, after, read] = await linesOf(open + body);
    expect(told).toMatch(/^gpu-out-of-memory \| .*: no room for a buffer of 700 MiB \(experts\)$/);
    expect(after).toBe("undefined 0,0");
    expect(read).toMatch(/^gpu-out-of-memory \| .*: out of memory: /);
  });
});

describe("a command that is refused", () => {
  const bad = `device.device.createBuffer({ size: 16, usage: ${0x1 | 0x80}, label: "wrong" });\n`;

  test("is remembered, and no result is given out after it", async () => {
    const body = `
      const buffer = await device.createBuffer(16, usage, "test");
      ${bad}
      say(device.failure?.code, device.isLost);
      await told(device.read(buffer, 0, 4));`;
    const [failure, read] = await linesOf(open + body);
    expect(failure).toBe("gpu-error false");
    expect(read).toMatch(/^gpu-error \| .*: a command was refused: /);
  });

  test("while a read is under way makes the read fail", async () => {
    const body = `
      const buffer = await device.createBuffer(16, usage, "test");
      const reading = told(device.read(buffer, 0, 4));
      ${bad}
      await reading;`;
    const [read] = await linesOf(open + body);
    expect(read).toMatch(/^gpu-error \| /);
  });

  test("is thrown where somebody waits for it, and not remembered", async () => {
    const body = `
      await told(device.createBuffer(16, ${0x1 | 0x80}, "wrong"));
      say(device.failure);`;
    const [told, failure] = await linesOf(open + body);
    expect(told).toMatch(/^gpu-error \| .*""wrong""/);
    expect(failure).toBe("undefined");
  });
});

test("an adapter that is not there is a typed error", async () => {
  const [line] = await linesOf(`await told(GpuDevice.open({ name: "no such" }));`);
  expect(line).toMatch(/^gpu-unavailable \| no such GPU: /);
});

test("limits beyond the adapter's end in a typed error, not in a crash", async () => {
  const body = `
    import { requestDevice } from ${JSON.stringify(new URL("../../src/compute/gpu/deviceRequest.ts", import.meta.url))};
    const adapter = { features: new Set(), limits: {}, info: { device: "x" },
      requestDevice: () => Promise.reject(new Error("Required limit (9) is greater than 8\\nmore")) };
    await told(requestDevice({ requestAdapter: async () => adapter }, "default"));`;
  expect(await linesOf(body)).toEqual([
    "gpu-error | x: it cannot be opened: Required limit (9) is greater than 8",
  ]);
});

test("nothing of all this is printed", async () => {
  const { code, stderr } = await runProgram(`${open}
    device.device.createBuffer({ size: 1e12, usage });
    await new Promise((resolve) => setTimeout(resolve, 50));`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
