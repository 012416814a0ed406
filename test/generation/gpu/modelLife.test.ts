/** Models on GPUs that are lost, closed and opened again: in processes of their own. */
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../support/scratchFolder.ts";

import { fixture } from "../tiers/tierModels.ts";
import { onGpus } from "./gpuRuns.ts";
import { linesOfModelProgram } from "./modelProgram.ts";

const scratch = scratchFolder();
// Of few formats, so that few shaders are compiled.
const path = JSON.stringify(fixture("qwen3moe/q8_0"));
const oneGpu = JSON.stringify(await onGpus(1));
const options = `{ threads: 2, contextLength: 64, batchTokens: 8 }`;
const linesOf = (body: string) => linesOfModelProgram(scratch, body);

describe("a GPU that is lost", () => {
  test.for([
    ["between tokens of a model with half its experts there", "{ gpuExpertBytes: 80_000 }", 20],
    ["in the prompt of a model that is there as a whole", "{}", 2],
  ] as const)(
    "%s does not end the generation: the processor goes on",
    async ([, gpuOptions, routings]) => {
      const lines = await linesOf(`
      const opened = [];
      const { open } = GpuDevice;
      GpuDevice.open = async (...given) => {
        const device = await open.apply(GpuDevice, given);
        opened.push(device);
        return device;
      };
      const kinds = [];
      subscribe("sluice:gpu", ({ kind }) => kinds.push(kind));
      const request = { maxTokens: 8, temperature: 0 };
      const generated = async (model) => {
        const answer = model.generate([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], request);
        await Array.fromAsync(answer);
        return answer.tokens.join();
      };
      await using onProcessor = await openModel(${path}, ${options});
      const expected = await generated(onProcessor);

      await using model = await openModel(${path}, { ...${options}, ...${oneGpu}, ...${gpuOptions} });
      let left = ${routings};
      subscribe("sluice:routing", (event) => {
        if (event.model === model.identity && --left === 0) opened[0].device.destroy();
      });
      say(model.gpus.length, (await generated(model)) === expected, left < 0, opened[0].isLost);
      say(model.gpus.length, model.remarks.length, (await generated(model)) === expected);
      say(kinds);`);
      expect(lines).toEqual(["1 true true true", "0 1 true", "opened,lost,given-up"]);
    },
  );
});

test("a model opened and closed ten times leaves nothing behind", async () => {
  // A device that executes nothing compiles in no time; prompts alone, since it decides no routing.
  const lines = await linesOf(`
    const { open } = GpuDevice;
    GpuDevice.open = (adapter, given) => open.call(GpuDevice, { backend: "null" }, given);
    const events = [];
    subscribe("sluice:gpu", ({ kind }) => events.push(kind));
    const round = async () => {
      await using model = await openModel(${path}, { ...${options}, ...${oneGpu} });
      using sequence = model.createSequence();
      await sequence.feed([3, 1, 4, 1]);
    };
    const memory = async () => {
      for (let turn = 0; turn < 5; turn++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return process.memoryUsage();
    };
    for (let count = 0; count < 10; count++) await round();
    const before = await memory();
    for (let count = 0; count < 10; count++) await round();
    const after = await memory();
    say(Math.round((after.rss - before.rss) / 2 ** 20));
    say((after.arrayBuffers - before.arrayBuffers) / 2 ** 20);
    say(events.join() === Array(20).fill("opened,closed").join());`);
  expect(Number(lines[0])).toBeLessThan(40);
  // Every GPU has half a MiB of parameters on this side: none of those that are closed is kept.
  expect(Number(lines[1])).toBeLessThan(0.5);
  expect(lines[2]).toBe("true");
});

test("a process ends by itself with a model on a GPU left open", async () => {
  const lines = await linesOf(`
    const model = await openModel(${path}, { ...${options}, ...${oneGpu} });
    using sequence = model.createSequence();
    await sequence.feed([3, 1, 4]);
    say(model.gpus.length);`);
  expect(lines).toEqual(["1"]);
});
