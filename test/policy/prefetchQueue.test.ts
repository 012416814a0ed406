/** Who waits in the prefetch queue, and who leaves when it is full. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PrefetchQueue, queueOverflows } from "../../src/policy/prefetch/prefetchQueue.ts";
import { OptionError } from "../../src/support/errors.ts";

interface Entry {
  readonly name: string;
  readonly score: number;
}
const entry = (name: string, score = 1): Entry => ({ name, score });

/** Pushes all; returns the names of those that had to leave. */
function pushAll(queue: PrefetchQueue<Entry>, entries: readonly Entry[]): (string | undefined)[] {
  return entries.map((one) => queue.push(one)?.name);
}

test("entries leave in the order in which they came, whatever their score", () => {
  const queue = new PrefetchQueue<Entry>();
  pushAll(queue, [entry("a", 1), entry("b", 9), entry("c", 5)]);
  expect([queue.take(), queue.take(), queue.take(), queue.take()].map((e) => e?.name)).toEqual([
    "a",
    "b",
    "c",
    undefined,
  ]);
});

test("holds 8 entries and drops the oldest, unless told otherwise", () => {
  const queue = new PrefetchQueue<Entry>();
  const dropped = pushAll(
    queue,
    [..."abcdefghij"].map((name, index) => entry(name, 10 - index)),
  );
  expect(dropped.filter((name) => name !== undefined)).toEqual(["a", "b"]);
  expect(queue.size).toBe(8);
  expect(queue.take()?.name).toBe("c");
});

describe("drop-lowest", () => {
  const full = () => {
    const queue = new PrefetchQueue<Entry>({ depth: 2, overflow: "drop-lowest" });
    pushAll(queue, [entry("low", 1), entry("high", 3)]);
    return queue;
  };

  test("the lowest score leaves", () => {
    const queue = full();
    expect(queue.push(entry("new", 2))?.name).toBe("low");
    expect(queue.clear().map(({ name }) => name)).toEqual(["high", "new"]);
  });

  test("the newcomer itself may be the one that leaves", () => {
    expect(full().push(entry("new", 0.5))?.name).toBe("new");
  });

  test("among equals the oldest leaves", () => {
    expect(full().push(entry("new", 1))?.name).toBe("low");
  });
});

test("clearing returns what waited, oldest first, and leaves nothing", () => {
  const queue = new PrefetchQueue<Entry>({ depth: 3 });
  pushAll(queue, [entry("a"), entry("b")]);
  expect(queue.clear().map(({ name }) => name)).toEqual(["a", "b"]);
  expect(queue.size).toBe(0);
  expect(queue.take()).toBeUndefined();
});

test("refuses a depth below 1 and an unknown rule", () => {
  expect(() => new PrefetchQueue({ depth: 0 })).toThrow(OptionError);
  const overflow = "drop-all" as "drop-lowest";
  expect(() => new PrefetchQueue({ overflow })).toThrow(
    "overflow must be one of drop-oldest, drop-lowest, not drop-all",
  );
});

test("under any load it keeps its bound, loses nobody, and behaves as the plain list of the rule", () => {
  const steps = fc.array(fc.oneof(fc.constant("take" as const), fc.nat({ max: 4 })));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(...queueOverflows),
      steps,
      (depth, overflow, load) => {
        const queue = new PrefetchQueue<Entry>({ depth, overflow });
        let list: Entry[] = [];
        load.forEach((step, index) => {
          if (step === "take") {
            expect(queue.take()).toBe(list[0]);
            list = list.slice(1);
          } else {
            const added = entry(String(index), step);
            list.push(added);
            const lowest = Math.min(...list.map(({ score }) => score));
            const victim =
              overflow === "drop-oldest" ? list[0] : list.find(({ score }) => score === lowest);
            const leaving = list.length > depth ? victim : undefined;
            list = list.filter((one) => one !== leaving);
            expect(queue.push(added)).toBe(leaving);
          }
          expect(queue.size).toBe(list.length);
          expect(queue.size).toBeLessThanOrEqual(depth);
        });
        expect(queue.clear()).toEqual(list);
      },
    ),
  );
});
