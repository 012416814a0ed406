import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExpertQueues } from "../../src/policy/expertQueues.ts";
import { ExpertRanking } from "../../src/policy/expertRanking.ts";
import { NOBODY } from "../../src/policy/replacementRule.ts";
import { RandomNumbers } from "../../src/policy/ruleNumbers.ts";

const EXPERTS = 10;
const expert = fc.nat({ max: EXPERTS - 1 });

test("queues are lists, and an expert is in one of them at most", () => {
  const queue = fc.nat({ max: 2 });
  fc.assert(
    fc.property(fc.array(fc.tuple(expert, queue, fc.boolean())), (moves) => {
      const queues = new ExpertQueues(EXPERTS, 3);
      let lists: number[][] = [[], [], []];
      for (const [id, target, leaves] of moves) {
        const wasListed = lists.flat().includes(id);
        lists = lists.map((list) => list.filter((other) => other !== id));
        if (leaves && wasListed) queues.remove(id);
        if (!leaves) {
          lists[target]!.push(id);
          if (wasListed) queues.move(target, id);
          else queues.add(target, id);
        }
        expect(lists.map((_, i) => queues.members(i))).toEqual(lists);
        expect(lists.map((_, i) => queues.size(i))).toEqual(lists.map((list) => list.length));
        expect(queues.queueOf(id)).toBe(lists.findIndex((list) => list.includes(id)));
        expect(queues.has(id)).toBe(!leaves);
        const isEven = (other: number) => other % 2 === 0;
        expect(queues.oldestWhere(target, isEven)).toBe(lists[target]!.find(isEven) ?? NOBODY);
      }
    }),
  );
});

test("an expert in a queue cannot be added again", () => {
  const queues = new ExpertQueues(EXPERTS, 2);
  queues.add(0, 3);
  expect(() => queues.add(1, 3)).toThrow("expert 3 is in a queue already");
});

test("a ranking is a list sorted by rank, then by the time of ranking", () => {
  const rank = fc.integer({ min: 0, max: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(expert, fc.option(rank))), (changes) => {
      const ranking = new ExpertRanking(EXPERTS);
      let list: [number, number][] = [];
      for (const [id, newRank] of changes) {
        const wasRanked = list.some(([other]) => other === id);
        list = list.filter(([other]) => other !== id);
        if (newRank !== null) {
          list.push([id, newRank]);
          ranking.set(id, newRank);
        } else if (wasRanked) {
          ranking.remove(id);
        }
        const sorted = list.toSorted(([, a], [, b]) => a - b);
        expect(ranking.save()).toEqual(sorted.flat());
        expect(ranking.size).toBe(list.length);
        expect(ranking.lowest()).toBe(sorted[0]?.[0] ?? NOBODY);
        const isOdd = (other: number) => other % 2 === 1;
        const firstOdd = sorted.find(([other]) => isOdd(other))?.[0] ?? NOBODY;
        expect(ranking.lowestWhere(isOdd)).toBe(firstOdd);
        expect(ranking.save()).toEqual(sorted.flat());
      }
    }),
  );
});

describe("random numbers", () => {
  test("are even over their range", () => {
    const random = new RandomNumbers(3);
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 80_000; i++) counts[random.below(8)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test("go on from where they were saved", () => {
    const random = new RandomNumbers(3);
    random.below(8);
    const copy = new RandomNumbers(99);
    copy.load(random.save());
    const draw = (numbers: RandomNumbers) => Array.from({ length: 20 }, () => numbers.below(1000));
    expect(draw(copy)).toEqual(draw(random));
  });
});
