/**
 * Things that go wrong while a GPU computes: a generation ends with a typed error and keeps what it has
 * said, and the same model goes on with the same bits.
 */
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { GpuBackend } from "../../../src/compute/gpu/gpuBackend.ts";
import { GpuDevice } from "../../../src/compute/gpu/gpuDevice.ts";
import { GpuFailureError } from "../../../src/compute/gpu/gpuErrors.ts";
import {
  type LanguageModel,
  type OpenOptions,
  openModel,
} from "../../../src/generation/languageModel.ts";
import { SluiceError } from "../../../src/support/errors.ts";
import { type CacheEvent, type GpuEvent, subscribe } from "../../../src/support/events.ts";
import { errorOf } from "../../support/errorOf.ts";
import {
  expected,
  expectHealthy,
  generated,
  generation,
  openWith,
  path,
  prompt,
  roomy,
  tight,
} from "../tiers/faultBed.ts";
import { gate, openFaulty } from "../tiers/faultyFile.ts";
import { layersOf } from "../tiers/tierModels.ts";
import { expertBytesOf, forStrictAdapters, onGpus, routingOf } from "./gpuRuns.ts";
import { shareDevices } from "./sharedDevices.ts";

await forStrictAdapters();
shareDevices();

const one = await onGpus(1);
const allOnGpu: OpenOptions = { ...roomy, ...one };
/** The same with room for all experts in RAM. */
const halfOfAll: OpenOptions = { ...roomy, ...one, gpuExpertBytes: 80_000 };
const halfOnGpu: OpenOptions = await halfInSlots();

/** Half the experts in slots of a GPU, and next to none in RAM: misses are read from the file. */
async function halfInSlots(): Promise<OpenOptions> {
  await using onProcessor = await openModel(path, roomy);
  const gpuExpertBytes = expertBytesOf(onProcessor) / 2;
  const options = { ...tight, ...one, gpuExpertBytes, gpuPolicy: "lru" };
  await using model = await openModel(path, { ...options, ramBytes: 2 ** 30 });
  const { shape, experts } = model;
  // A token's experts, as many that are not kept, and one more.
  const slots = 2 * shape.expertsPerToken + 1;
  return { ...options, ramBytes: experts.fixedBytes + slots * layersOf(model)[0]!.slotBytes };
}

test("loading onto a GPU is cancelled between any two pieces of it", async () => {
  const cancelling = new AbortController();
  const loaded: number[] = [];
  const stop = subscribe("sluice:load", ({ loadedBytes }) => {
    loaded.push(loadedBytes);
    cancelling.abort("enough");
  });
  const opening = openModel(path, { ...allOnGpu, signal: cancelling.signal });
  expect(await errorOf(opening)).toBe("aborted: loading was cancelled");
  stop();
  expect(loaded).toHaveLength(1);
});

test("an expert whose bytes did not come gives its slot back", async () => {
  const tokens = [7, 50, 23, 7, 31, 2, 44, 19, 5, 60];
  await using onProcessor = await openModel(path, roomy);
  using whole = onProcessor.createSequence();
  const faulty = await openFaulty(path);
  await using model = await openWith(faulty, halfOnGpu);
  using sequence = model.createSequence();
  let victims = 0;
  const stop = subscribe("sluice:cache", ({ tier, kind, victim }: CacheEvent) => {
    if (tier === "gpu" && kind === "admit" && victim !== undefined) victims++;
  });
  let failures = 0;
  /** Lets the first, the second, ... read fail, until as many succeed as are needed. */
  const feed = async (fed: readonly number[]) => {
    for (let good = 0; ; good += fed.length) {
      const last = faulty.reads + good;
      faulty.onRead = async () => {
        if (faulty.reads > last) throw new SluiceError("file-unreadable", "bad sector");
      };
      const answer = await sequence.feed(fed).catch((error: unknown) => String(error));
      if (typeof answer !== "string") return answer;
      expect(answer).toBe("SluiceError: bad sector");
      failures++;
    }
  };
  expect(await feed(prompt)).toEqual(await whole.feed(prompt));
  for (const token of tokens) expect(await feed([token])).toEqual(await whole.feed([token]));
  stop();
  expect(victims).toBeGreaterThan(10);
  expect(failures).toBeGreaterThan(10);
  faulty.onRead = async () => undefined;
  await expectHealthy(model);
});

describe("a generation that is cancelled", () => {
  test("while an expert is being read ends at once, and the model goes on", async () => {
    const faulty = await openFaulty(path);
    await using model = await openWith(faulty, halfOnGpu);
    const door = gate();
    faulty.onRead = door.wait;
    const controller = new AbortController();
    const answer = errorOf(Array.fromAsync(generation(model, controller.signal)));
    await wait(300);
    controller.abort();
    expect(await answer).toBe("aborted: the generation was cancelled");
    door.open();
    await expectHealthy(model);
  });

  test.for([
    ["experts come and go", halfOnGpu],
    ["nobody waits for the routing", allOnGpu],
  ] as const)("between two layers, where %s, leaves the same bits", async ([, options]) => {
    await using model = await openModel(path, options);
    for (const layers of [2, 7, 12, 14]) {
      const controller = new AbortController();
      let left = layers;
      const stop = subscribe("sluice:layer", () => --left === 0 && controller.abort());
      const answer = generation(model, controller.signal);
      expect(await errorOf(Array.fromAsync(answer))).toBe("aborted: the generation was cancelled");
      stop();
      expect(answer.tokens).toEqual(expected.slice(0, answer.tokens.length));
    }
    // Nothing is told of what was cancelled.
    await using onProcessor = await openModel(path, roomy);
    const [told, wanted] = [routingOf(model).told, routingOf(onProcessor).told];
    await generated(onProcessor);
    expect(await generated(model)).toEqual(expected);
    const choices = (all: typeof told) => all.map(({ layer, experts }) => [layer, experts]);
    expect(choices(told)).toEqual(choices(wanted));
  });
});

describe("a sequence that is disposed of while it is fed", () => {
  test.for([
    ["experts come and go", halfOnGpu],
    ["nobody waits for the routing", allOnGpu],
  ] as const)("is closed, and the model goes on, where %s", async ([, options]) => {
    await using model = await openModel(path, options);
    // The event loop has a turn between any two layers.
    let time = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (time += 1000));
    for (const turns of [0, 1, 2, 3]) {
      const sequence = model.createSequence();
      await sequence.feed(prompt.slice(0, 2));
      const feeding = sequence.feed([7]).then(
        () => "fed",
        (error: unknown) => (error as SluiceError).code,
      );
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      sequence[Symbol.dispose]();
      expect(await feeding).toBe("closed");
    }
    clock.mockRestore();
    expect(await generated(model)).toEqual(expected);
  });
});

test("a model closed in the middle of a generation ends it with a typed error", async () => {
  const model = await openModel(path, halfOnGpu);
  const answer = generation(model);
  const pieces = errorOf(Array.fromAsync(answer));
  await wait(200);
  await model[Symbol.asyncDispose]();
  expect(await pieces).toMatch(/^closed: .* has been closed$/);
  expect(answer.tokens).toEqual(expected.slice(0, answer.tokens.length));
});

describe("a GPU that fails", () => {
  /** Has the read of a number fail as those of a lost device do. */
  function failAt(read: number): void {
    const { read: original } = GpuBackend.prototype;
    let count = 0;
    vi.spyOn(GpuBackend.prototype, "read").mockImplementation(async function (
      this: GpuBackend,
      pieces,
    ) {
      if (count++ < read) return original.call(this, pieces);
      throw new GpuFailureError("gpu-lost", this.device.label, "the device was lost");
    });
  }

  test.for([0, 1, 5, 14, 25])("at read %i is given up, and not a token is lost", async (read) => {
    await using model = await openModel(path, halfOfAll);
    failAt(read);
    expect(await generated(model)).toEqual(expected);
    expect(model.gpus).toEqual([]);
    expect(model.remarks).toEqual([expect.stringMatching(/the device was lost; the CPU goes on/)]);
    expect(await generated(model)).toEqual(expected);
  });

  test("while its tokens are computed anew, a sequence can be cancelled and goes on", async () => {
    await using onProcessor = await openModel(path, roomy);
    using whole = onProcessor.createSequence();
    await whole.feed(prompt);
    const logits = await whole.feed([7]);

    await using model = await openModel(path, allOnGpu);
    using sequence = model.createSequence();
    using other = model.createSequence();
    await sequence.feed(prompt);
    await other.feed(prompt.slice(0, 5));
    failAt(0);
    const controller = new AbortController();
    const stop = subscribe("sluice:gpu", ({ kind }) => kind === "given-up" && controller.abort());
    const { signal } = controller;
    expect(await errorOf(sequence.feed([7], { signal }))).toMatch(/^aborted: /);
    stop();
    expect(sequence.tokens).toEqual(prompt);
    expect(await sequence.feed([7])).toEqual(logits);
    other.rewind(4);
    await other.feed(prompt.slice(4));
    expect(await other.feed([7])).toEqual(logits);
  });
});

describe("a GPU without room", () => {
  /** Has a device refuse the buffer of a number, and counts them. */
  async function openRefusing(at: number): Promise<LanguageModel | string> {
    const { createBuffer } = GpuDevice.prototype;
    let count = 0;
    GpuDevice.prototype.createBuffer = async function (...wanted) {
      if (count++ !== at) return createBuffer.apply(this, wanted);
      throw new GpuFailureError("gpu-out-of-memory", this.label, `no room for ${wanted[2]}`);
    };
    try {
      return await openModel(path, halfOnGpu);
    } catch (error) {
      if (error instanceof GpuFailureError) return error.message;
      throw error;
    } finally {
      GpuDevice.prototype.createBuffer = createBuffer;
    }
  }

  test("refuses the model, whichever buffer it is, and gives everything back", async () => {
    const files = openFileCount();
    const events: GpuEvent[] = [];
    const stop = subscribe("sluice:gpu", (event) => events.push(event));
    const refused: string[] = [];
    for (let at = 0; ; at++) {
      const answer = await openRefusing(at);
      if (typeof answer === "string") {
        refused.push(answer.replace(/^.*no room for /, ""));
        continue;
      }
      expect(await generated(answer)).toEqual(expected);
      await answer[Symbol.asyncDispose]();
      break;
    }
    stop();
    expect(refused).toEqual(expect.arrayContaining(["weights", "expert slots"]));
    expect(openFileCount()).toBe(files);
    expect(events).toEqual([]);
  });

  test("for a single layer is told before anything is taken", async () => {
    const options = { ...allOnGpu, vramBytes: [2 ** 20] };
    expect(await errorOf(openModel(path, { ...options, gpuLayers: "all" }))).toMatch(
      /^bad-option: \d of 3 layers fit the memory of .*; ask for fewer/,
    );
    await using model = await openModel(path, options);
    expect(model.remarks.join()).toMatch(/^\d of 3 layers fit the memory of /);
    expect(await generated(model)).toEqual(expected);
  });
});

function openFileCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => /FileHandle|Worker/.test(kind)).length;
}
