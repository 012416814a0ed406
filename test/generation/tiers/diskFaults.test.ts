/**
 * Disks and files that fail while experts are on their way: the generation ends with a typed error and
 * keeps what it has said, nobody stays leased, and the same model goes on with the same bits as soon
 * as the fault is over.
 */
import {
  copyFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { openModel } from "../../../src/generation/languageModel.ts";
import { SluiceError } from "../../../src/support/errors.ts";
import { errorOf } from "../../support/errorOf.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";
import {
  expected,
  expectHealthy,
  generated,
  generation,
  openWith,
  path,
  tight,
} from "./faultBed.ts";
import { gate, openFaulty } from "./faultyFile.ts";

const scratch = scratchFolder();

describe("a read that fails", () => {
  test("ends the generation, again and again, until the disk is well", async () => {
    const faulty = await openFaulty(path);
    await using model = await openWith(faulty);
    expect(await generated(model)).toEqual(expected);
    for (let round = 0; round < 6; round++) {
      const answer = generation(model);
      const good = faulty.reads + 20 * round;
      faulty.onRead = async () => {
        if (faulty.reads > good) throw new SluiceError("file-unreadable", "bad sector");
      };
      expect(await errorOf(Array.fromAsync(answer))).toBe("file-unreadable: bad sector");
      expect(answer.tokens).toEqual(expected.slice(0, answer.tokens.length));
    }
    faulty.onRead = async () => undefined;
    await expectHealthy(model);
  });

  test("says what the system said", async () => {
    await using model = await openModel(path, tight);
    const handle = await open(path);
    const read = vi.spyOn(Object.getPrototypeOf(handle), "read");
    await handle.close();
    await vi.waitFor(() => expect(model.experts.pending).toBe(0));
    read.mockImplementation(async () => {
      throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
    });
    expect(await errorOf(generated(model))).toBe(
      `file-unreadable: ${path}: it cannot be read (EIO)`,
    );
    read.mockRestore();
    await expectHealthy(model);
  });

  test("of a background load is no failure until the expert is needed, and then is tried again", async () => {
    const faulty = await openFaulty(path);
    faulty.onRead = async () => {
      throw new SluiceError("file-unreadable", "not yet mounted");
    };
    await using model = await openWith(faulty);
    await vi.waitFor(() => expect(model.experts.pending).toBe(0));
    faulty.onRead = async () => undefined;
    await expectHealthy(model);
  });

  test("of an eager load refuses the model, and its file is closed", async () => {
    const faulty = await openFaulty(path);
    faulty.onRead = async () => {
      throw new SluiceError("file-unreadable", "bad sector");
    };
    expect(await errorOf(openWith(faulty, { ...tight, load: "eager" }))).toBe(
      "file-unreadable: bad sector",
    );
    await faulty.file[Symbol.asyncDispose]();
  });
});

describe("a file that is", () => {
  const copy = (name: string) => {
    const to = join(scratch, name);
    copyFileSync(path, to);
    return to;
  };

  test("truncated while it is open ends the generation", async () => {
    const own = copy("truncated.gguf");
    await using model = await openModel(own, tight);
    expect(await generated(model)).toEqual(expected);
    truncateSync(own, 100_000);
    const message = /^bad-gguf: truncated.gguf.*: the file (ended here; was it|was) changed while/;
    expect(await errorOf(generated(model))).toMatch(message);
    expect(await errorOf(generated(model))).toMatch(message);
  });

  test("written to while it is open ends the generation, for good", async () => {
    const own = copy("written.gguf");
    await using model = await openModel(own, tight);
    expect(await generated(model)).toEqual(expected);
    const handle = await open(own, "r+");
    await wait(20); // file systems count time in ticks
    await handle.write(new Uint8Array(1), 0, 1, statSync(own).size - 1);
    await handle.close();
    const message =
      "bad-gguf: written.gguf: the file was changed while it was open; open the model anew";
    expect(await errorOf(generated(model))).toBe(message);
    expect(await errorOf(generated(model))).toBe(message);
  });

  test("written to while it is opened is refused", async () => {
    const own = copy("busy.gguf");
    const faulty = await openFaulty(own);
    utimesSync(own, new Date(), new Date(2000));
    expect(await errorOf(openWith(faulty))).toMatch(/the file was changed while it was open/);
    await faulty.file[Symbol.asyncDispose]();
  });

  test("replaced by another of its name goes on as it was", async () => {
    const own = copy("replaced.gguf");
    await using model = await openModel(own, tight);
    const other = join(scratch, "other.gguf");
    writeFileSync(other, "not the model any more");
    renameSync(other, own);
    await expectHealthy(model);
  });
});

describe("a disk that does not answer", () => {
  test("ends the generation after the time it was given, and may answer later", async () => {
    const faulty = await openFaulty(path);
    await using model = await openWith(faulty, { ...tight, readTimeoutMs: 150 });
    expect(await generated(model)).toEqual(expected);
    const door = gate();
    const good = faulty.reads + 30;
    faulty.onRead = async () => {
      if (faulty.reads > good) await door.wait();
    };
    const answer = generation(model);
    const begin = performance.now();
    expect(await errorOf(Array.fromAsync(answer))).toMatch(
      /^disk-stalled: (an expert|\d experts) of q4_0.gguf did not come within 0.15 s; is the disk there\?/,
    );
    expect(performance.now() - begin).toBeLessThan(2000);
    expect(answer.tokens).toEqual(expected.slice(0, answer.tokens.length));
    // Late bytes come into slots that have been given to others meanwhile.
    const again = generated(model);
    await wait(20);
    door.open();
    expect(await again).toEqual(expected);
    await expectHealthy(model);
  });

  test("does not hold a cancelled generation for long", async () => {
    const faulty = await openFaulty(path);
    await using model = await openWith(faulty);
    expect(await generated(model)).toEqual(expected);
    const door = gate();
    faulty.onRead = door.wait;
    for (let round = 0; round < 4; round++) {
      const controller = new AbortController();
      const answer = errorOf(Array.fromAsync(generation(model, controller.signal)));
      await wait(100);
      const begin = performance.now();
      controller.abort();
      expect(await answer).toBe("aborted: the generation was cancelled");
      expect(performance.now() - begin).toBeLessThan(150);
    }
    door.open();
    await expectHealthy(model);
  });

  test("does not hold a cancelled eager load for long", async () => {
    const faulty = await openFaulty(path);
    const door = gate();
    faulty.onRead = door.wait;
    const controller = new AbortController();
    const { signal } = controller;
    const opening = errorOf(openWith(faulty, { ...tight, load: "eager", signal }));
    await wait(50);
    controller.abort();
    setTimeout(door.open, 100); // what is being read is waited for
    expect(await opening).toBe("aborted: loading was cancelled");
    await faulty.file[Symbol.asyncDispose]();
  });
});
