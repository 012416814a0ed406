/** Many replays on threads: the same rows, honest errors, an end when told so. */
import { expect, test } from "vitest";
import { OptionError, SluiceError } from "../../../src/support/errors.ts";
import {
  type CompareOptions,
  type CompareProgress,
  compareTrace,
  openTrace,
  replay,
} from "../../../src/trace/index.ts";
import { gptOss } from "../traceSamples.ts";

const trace = await openTrace(gptOss);
const options: CompareOptions = {
  policies: ["lru", "slru:protected=0.75,fill=pooled", "per-layer(lru)", "belady", "random"],
  capacities: [{ slots: 72 }, { cycles: 2 }, { bytes: 2 ** 32 }],
  linkGBps: 3.5,
};

test("rows come capacity by capacity, the same for any number of threads and as single replays", async () => {
  const progress: CompareProgress[] = [];
  const rows = await compareTrace(trace, options, {
    threads: 2,
    onProgress: (step) => progress.push(step),
  });
  expect(await compareTrace(trace, options, { threads: 1 })).toEqual(rows);
  const expected = options.capacities.flatMap((capacity) =>
    options.policies.map((policy) => replay(trace, { policy, capacity, linkGBps: 3.5 })),
  );
  expect(rows).toEqual(expected);
  // 15 replays, and the optimum at each capacity.
  expect(progress).toEqual(Array.from({ length: 18 }, (_, i) => ({ done: i + 1, total: 18 })));
});

test("a predictor and an insert cap reach the threads", async () => {
  const settings = { predictor: "transitions", insertsPerPass: 20, layersAhead: 2 };
  const [row] = await compareTrace(
    trace,
    { policies: ["lru"], capacities: [{ slots: 144 }], ...settings },
    { threads: 1 },
  );
  expect(row).toEqual(replay(trace, { policy: "lru", capacity: { slots: 144 }, ...settings }));
  expect(row!.prefetch!.issued).toBeGreaterThan(0);
});

test("what cannot be replayed is refused before anything is", async () => {
  const with_ = (changes: Partial<CompareOptions>) =>
    compareTrace(trace, { ...options, ...changes }, { threads: 1 });
  await expect(with_({ policies: ["lru", "lrü"] })).rejects.toThrow(OptionError);
  await expect(with_({ policies: ["slru:protected=2"] })).rejects.toThrow(
    "protected must be 0 to 1",
  );
  await expect(with_({ predictor: "oracle" })).rejects.toThrow('there is no predictor "oracle"');
  await expect(with_({ predictor: "gate-lookahead" })).rejects.toThrow("early router logits");
  await expect(with_({ accounting: "per-access", insertsPerPass: 1 })).rejects.toThrow(
    "the per-access accounting knows neither predictors nor insert caps",
  );
  await expect(with_({ linkGBps: 0 })).rejects.toThrow("linkGBps must be a number");
  await expect(compareTrace(trace, options, { threads: 0 })).rejects.toThrow("threads must be");
});

test("an error in a thread keeps its code and names the replay", async () => {
  const overrun = compareTrace(
    trace,
    { policies: ["arc"], capacities: [{ slots: 72 }], accounting: "overrun" },
    { threads: 1 },
  );
  await expect(overrun).rejects.toThrow(OptionError);
  await expect(overrun).rejects.toThrow("arc with 72 slots: the overrun accounting knows");
});

test("a thread that dies is an error that names the replay, and no hang", async () => {
  const workerFile = new URL("workers/dies.ts", import.meta.url);
  const died = compareTrace(trace, options, { threads: 2, workerFile });
  await expect(died).rejects.toMatchObject({ code: "thread-failed" });
  await expect(died).rejects.toThrow(/^belady with \d+ slots: worker exited/);
});

test("a comparison can be cancelled, before and during its replays", async () => {
  const early = compareTrace(trace, options, { signal: AbortSignal.abort() });
  await expect(early).rejects.toMatchObject({ code: "aborted" });
  const cancelling = new AbortController();
  const late = compareTrace(trace, options, {
    threads: 1,
    signal: cancelling.signal,
    onProgress: () => cancelling.abort(),
  });
  await expect(late).rejects.toBeInstanceOf(SluiceError);
  await expect(late).rejects.toMatchObject({ code: "aborted" });
});

test("without policies or capacities there are no rows", async () => {
  expect(await compareTrace(trace, { policies: [], capacities: [] })).toEqual([]);
});
