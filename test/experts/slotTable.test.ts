import fc from "fast-check";
import { expect, test } from "vitest";
import { SlotTable } from "../../src/experts/slotTable.ts";
import type { Region } from "../../src/memory/arena.ts";
import { Arenas } from "../../src/memory/arenas.ts";
import { SlotArena } from "../../src/memory/slotArena.ts";

const slotCount = 3;

/** A table over slots that lie in two arenas. */
function table(): SlotTable<Region> {
  const arenas = new Arenas({ arenaBytes: 65_536, headBytes: () => 0 });
  return new SlotTable(new SlotArena(arenas, 30_000, slotCount, slotCount * 30_000));
}

test("a slot changes hands from victim to heir, and free ones are used up first come, first served", () => {
  const slots = table();
  const first = slots.admit(10, undefined);
  const second = slots.admit(11, undefined);
  expect(second).not.toEqual(first);
  expect(slots.admit(12, 10)).toBe(first);
  expect(slots.find(10)).toBeUndefined();
  expect(slots.find(12)).toBe(first);
  expect(slots.hasRoom).toBe(true);
  slots.admit(13, undefined);
  expect(slots.hasRoom).toBe(false);
  slots.release(11);
  expect(slots.hasRoom).toBe(true);
  expect(slots.admit(14, undefined)).toBe(second);
});

test("books that do not add up are refused", () => {
  const slots = table();
  slots.admit(1, undefined);
  expect(() => slots.admit(1, undefined)).toThrow("expert 1 has a slot already");
  expect(() => slots.admit(2, 7)).toThrow("there is no slot for expert 2");
  expect(() => slots.release(7)).toThrow("expert 7 has no slot");
  slots.admit(2, undefined);
  slots.admit(3, undefined);
  expect(() => slots.admit(4, undefined)).toThrow("there is no slot for expert 4");
});

test("no two experts ever share a slot", () => {
  const step = fc.record({ expert: fc.nat({ max: 9 }), other: fc.nat({ max: 9 }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const slots = table();
      const held = new Set<number>();
      for (const { expert, other } of steps) {
        if (held.has(expert)) {
          slots.release(expert);
          held.delete(expert);
        } else if (held.has(other)) {
          slots.admit(expert, other);
          held.delete(other);
          held.add(expert);
        } else if (slots.hasRoom) {
          slots.admit(expert, undefined);
          held.add(expert);
        }
        const regions = [...held].map((holder) => slots.find(holder));
        expect(new Set(regions).size).toBe(held.size);
        expect(regions).not.toContain(undefined);
        expect(slots.hasRoom).toBe(held.size < slotCount);
      }
    }),
  );
});
