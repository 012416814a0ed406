/** A GPU device from its opening to its end: what it offers, moves and leaves behind. */
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { GpuDevice } from "../../src/compute/gpu/gpuDevice.ts";
import { bufferUsage } from "../../src/compute/gpu/webgpu.ts";
import { type GpuEvent, subscribe } from "../../src/support/events.ts";
import { linesOf, runProgram } from "./runProgram.ts";
import { testAdapter, testDevice } from "./testDevice.ts";

const adapter = await testAdapter();
const device = await testDevice();
const { STORAGE, COPY_SRC, COPY_DST } = bufferUsage;
const usage = STORAGE | COPY_SRC | COPY_DST;
const open = `const device = await GpuDevice.open(${JSON.stringify({ name: adapter?.name })});\n`;

describe("a device", () => {
  test("has all that its adapter can do", () => {
    expect(device.limits).toMatchObject(adapter!.limits);
    expect([...device.features]).toEqual(expect.arrayContaining([...adapter!.features]));
  });

  test("can be opened with what every adapter can do", async () => {
    await using plain = await GpuDevice.open(adapter, { limits: "default" });
    expect(plain.limits).toMatchObject({
      maxBufferSize: 256 * 2 ** 20,
      maxStorageBufferBindingSize: 128 * 2 ** 20,
      maxStorageBuffersPerShaderStage: 8,
    });
  });

  test("has the bytes written to it, wherever in a buffer and however many", async () => {
    const size = 96;
    const buffer = await device.createBuffer(size, usage, "test");
    const place = fc.record({
      word: fc.nat({ max: size / 4 - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      shared: fc.boolean(),
      from: fc.nat({ max: size - 1 }),
      length: fc.integer({ min: 1, max: size }),
    });
    const expected = new Uint8Array(size);
    await fc.assert(
      fc.asyncProperty(place, async ({ word, bytes, shared, from, length }) => {
        const offset = word * 4;
        const fitting = bytes.subarray(0, size - offset);
        device.write(buffer, offset, shared ? sharedCopy(fitting) : fitting);
        expected.fill(0, offset, Math.ceil((offset + fitting.length) / 4) * 4);
        expected.set(fitting, offset);
        const read = await device.read(buffer, from, Math.min(length, size - from));
        expect(read).toEqual(expected.subarray(from, from + length));
      }),
      { numRuns: 200 },
    );
  });

  test("takes views of any kind", async () => {
    const buffer = await device.createBuffer(16, usage, "test");
    device.write(buffer, 4, new Float32Array([9, 1.5, 9]).subarray(1, 2));
    const bytes = await device.read(buffer, 0, 12);
    expect([...new Float32Array(bytes.slice().buffer)]).toEqual([0, 1.5, 0]);
  });

  test("reads as much at once as was asked for, and several times at a time", async () => {
    const buffer = await device.createBuffer(40_000, usage, "test");
    const bytes = Uint8Array.from({ length: 40_000 }, (_, index) => index % 251);
    device.write(buffer, 0, bytes);
    const places = [0, 1, 20_000, 39_999, 5000, 4, 77];
    const reads = await Promise.all(places.map((at) => device.read(buffer, at, 40_000 - at)));
    expect(reads).toEqual(places.map((at) => bytes.subarray(at)));
  });

  test("reads again through the buffers of earlier reads", async () => {
    const buffer = await device.createBuffer(1024, usage, "test");
    await device.read(buffer, 0, 1024);
    const created = vi.spyOn(device.device, "createBuffer");
    for (let length = 4; length <= 1024; length *= 2) await device.read(buffer, 0, length);
    expect(created).not.toHaveBeenCalled();
    created.mockRestore();
  });

  test("has buffers of whole vec4s, zeroed", async () => {
    const buffer = await device.createBuffer(17, usage, "test");
    expect(buffer.size).toBe(32);
    expect([...(await device.read(buffer, 0, 32))]).toEqual(Array(32).fill(0));
    expect((await device.createBuffer(0, usage, "empty")).size).toBe(16);
  });

  test("gives back memory of destroyed buffers when it settles", async () => {
    const body = `
      const rss = () => process.memoryUsage().rss / 2 ** 20;
      const clear = async () => {
        const buffer = await device.createBuffer(64 * 2 ** 20, usage, "test");
        await device.settle();
        const full = rss();
        buffer.destroy();
        await device.settle();
        return full - rss();
      };
      await clear();
      say(await clear());`;
    const [freed] = await linesOf(open + body);
    if (adapter!.type === "cpu") expect(Number(freed)).toBeGreaterThan(32);
  });

  test("tells listeners of its life", async () => {
    const events: GpuEvent[] = [];
    const stop = subscribe("sluice:gpu", (event) => events.push(event));
    const other = await GpuDevice.open(adapter, { label: "other" });
    await other.createBuffer(2 ** 45, usage, "giant").catch(() => {});
    other.device.createBuffer({ size: 16, usage: bufferUsage.MAP_READ | STORAGE });
    await other[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    stop();
    expect(events.map((event) => `${event.device} ${event.kind}`)).toEqual([
      "other opened",
      "other out-of-memory",
      "other error",
      "other closed",
    ]);
  });

  test("of Dawn's null backend compiles and computes nothing", async () => {
    await using nothing = await GpuDevice.open({ backend: "null" });
    const buffer = await nothing.createBuffer(16, usage, "test");
    expect(await nothing.read(buffer, 0, 4)).toHaveLength(4);
  });
});

describe("a process", () => {
  test("ends by itself with a device open", async () => {
    const body = `${open} await device.createBuffer(16, usage, "test"); say("end");`;
    expect(await linesOf(body)).toEqual(["end"]);
  });

  test("ends by itself after a device was closed", async () => {
    expect(await linesOf(`${open} await device[Symbol.asyncDispose](); say("end");`)).toEqual([
      "end",
    ]);
  });

  test("ends although nobody waits for a read", async () => {
    const body = `${open} device.read(await device.createBuffer(16, usage, "test"), 0, 4); say("end");`;
    expect(await linesOf(body)).toEqual(["end"]);
  });

  test("rests while a device is idle", async () => {
    const body = `${open}
      await device.read(await device.createBuffer(16, usage, "test"), 0, 4);
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { user, system } = process.cpuUsage(before);
      say((user + system) / 1000);`;
    const [milliseconds] = await linesOf(body);
    expect(Number(milliseconds)).toBeLessThan(100);
  });

  test("survives the garbage collector between all steps of a device's life", async () => {
    const body = `
      for (let round = 0; round < 20; round++) {
        await using device = await GpuDevice.open(${JSON.stringify({ name: adapter?.name })});
        gc();
        const buffer = await device.createBuffer(1024, usage, "test");
        for (let byte = 0; byte < 20; byte++) {
          gc();
          device.write(buffer, 0, new Uint8Array(1024).fill(byte));
          const [first] = await device.read(buffer, 0, 1024);
          if (first !== byte) say("wrong");
        }
      }
      say("end");`;
    expect(await linesOf(body)).toEqual(["end"]);
  });

  test("survives that somebody keeps a device and forgets where it came from", async () => {
    const body = `
      const { device } = await GpuDevice.open(${JSON.stringify({ name: adapter?.name })});
      const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      for (let round = 0; round < 20; round++) {
        gc();
        await sleep(2);
      }
      const target = device.createBuffer({ size: 1024, usage: bufferUsage.MAP_READ | COPY_DST });
      for (let round = 0; round < 100; round++) {
        device.queue.writeBuffer(target, 0, new Uint8Array(1024).fill(round));
        await target.mapAsync(1);
        if (new Uint8Array(target.getMappedRange())[0] !== round) say("wrong");
        target.unmap();
        gc();
      }
      say("end");`;
    expect(await linesOf(body)).toEqual(["end"]);
  });

  test("holds an instance of Dawn until it is disposed of, and no longer", async () => {
    const body = `
      import { createInstance } from ${JSON.stringify(new URL("../../src/compute/gpu/webgpu.ts", import.meta.url))};
      const collected = async (dispose) => {
        const make = async () => {
          const instance = await createInstance([]);
          if (dispose) instance[Symbol.dispose]();
          return new WeakRef(instance.gpu);
        };
        const gpu = await make();
        for (let turn = 0; turn < 5; turn++) {
          await new Promise(setImmediate);
          gc();
        }
        return gpu.deref() === undefined;
      };
      say(await collected(false), await collected(true));`;
    expect(await linesOf(body)).toEqual(["false true"]);
  });

  test("opens and closes fifty devices in the memory of a few", async () => {
    const body = `
      const cycle = async () => {
        await using device = await GpuDevice.open(${JSON.stringify({ name: adapter?.name })});
        const buffer = await device.createBuffer(2 ** 20, usage, "test");
        await device.read(buffer, 0, 4);
      };
      for (let round = 0; round < 10; round++) await cycle();
      gc();
      const before = process.memoryUsage().rss;
      for (let round = 0; round < 50; round++) await cycle();
      gc();
      say((process.memoryUsage().rss - before) / 2 ** 20);`;
    const [mebibytes] = await linesOf(body);
    expect(Number(mebibytes)).toBeLessThan(25);
  });

  test("uses a device in a worker thread, and ends", async () => {
    const body = `
      import { isMainThread, parentPort, Worker } from "node:worker_threads";
      if (isMainThread) {
        const worker = new Worker(new URL(import.meta.url));
        worker.on("message", (first) => say("read", first));
        worker.on("exit", (code) => say("exit", code));
      } else {
        ${open}
        const buffer = await device.createBuffer(16, usage, "test");
        device.write(buffer, 0, new Uint8Array([7]));
        parentPort.postMessage((await device.read(buffer, 0, 1))[0]);
        await device[Symbol.asyncDispose]();
      }`;
    expect(await linesOf(body)).toEqual(["read 7", "exit 0"]);
  });

  test("ends when an exception ends it with a device open", async () => {
    const { code, signal, stderr } = await runProgram(`${open} throw new Error("stop");`);
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toContain("Error: stop");
  });
});

function sharedCopy(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
