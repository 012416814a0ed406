/** The saved form of an access profile: its exact shape, and what is refused. */
import { expect, test } from "vitest";
import { loadProfile, parseProfile, saveProfile } from "../../src/policy/profileRecord.ts";
import { BadProfileError } from "../../src/support/errors.ts";
import { profileOf } from "./profileSamples.ts";

const good = saveProfile(
  profileOf([
    ["hit", 0, 3],
    ["miss", 1, 0, 4096],
    ["stall", 1, 0, 0.25],
    ["pin", 3],
  ]),
);

test("a profile is saved with its format, version and one row per expert that was counted", () => {
  expect(good).toEqual({
    format: "sluice-access-profile",
    version: 1,
    layerCount: 3,
    expertsPerLayer: 4,
    experts: [
      [0, 3, 1, 0, 0, 0, 0],
      [1, 0, 0, 1, 4096, 1, 250],
    ],
    warmPin: { hits: 1, misses: 1, pinned: [3] },
  });
});

test("a profile that never pinned is saved without a snapshot", () => {
  expect(saveProfile(profileOf([]))).not.toHaveProperty("warmPin");
});

const errorOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof BadProfileError && error.code === "bad-profile") return error.message;
    throw error;
  }
  return "no error";
};

test("text that is not JSON is refused, and the parser's own words are kept as the cause", () => {
  expect(errorOf(() => parseProfile("{ half"))).toBe("access profile: the text is not JSON");
  expect(() => parseProfile("")).toThrow(
    expect.objectContaining({ cause: expect.any(SyntaxError) }),
  );
});

test.each<[string, unknown, string]>([
  ["null", null, "the whole must be an object, not null"],
  ["a list", [], "the whole must be an object, not []"],
  ["text", "profile", 'the whole must be an object, not "profile"'],
  ["nothing", undefined, "the whole must be an object, not absent"],
  [
    "another format",
    { ...good, format: "x" },
    '"format" must be "sluice-access-profile"; is this another file?',
  ],
  ["a later version", { ...good, version: 2 }, "version 2 is not known here; this reads version 1"],
  [
    "no layers",
    { ...good, layerCount: 0 },
    "layerCount must be a whole number of at least 1, not 0",
  ],
  [
    "half a layer",
    { ...good, layerCount: 1.5 },
    '"layerCount" must be a whole number of at least 0, not 1.5',
  ],
  [
    "no experts",
    { ...good, expertsPerLayer: "4" },
    '"expertsPerLayer" must be a whole number of at least 0, not "4"',
  ],
  [
    "a shape beyond memory",
    { ...good, layerCount: 1e9 },
    "1000000000 x 4 experts are more than any model has",
  ],
  ["rows that are no list", { ...good, experts: {} }, '"experts" must be a list, not {}'],
  ["a row that is no list", { ...good, experts: [7] }, 'row 0 of "experts" must be a list, not 7'],
  [
    "a short row",
    { ...good, experts: [[0, 1, 2]] },
    'row 0 of "experts" has 3 entries, 7 expected',
  ],
  [
    "a negative count",
    { ...good, experts: [[0, 1, -2, 0, 0, 0, 0]] },
    'an entry of row 0 of "experts" must be a whole number of at least 0, not -2',
  ],
  [
    "a count beyond 2^53",
    { ...good, experts: [[0, 1, 2 ** 53, 0, 0, 0, 0]] },
    'an entry of row 0 of "experts" must be a whole number of at least 0, not 9007199254740992',
  ],
  [
    "a layer too many",
    { ...good, experts: [[3, 0, 1, 0, 0, 0, 0]] },
    "layer 3, expert 0 lies outside 3 layers of 4 experts",
  ],
  [
    "the same expert twice",
    {
      ...good,
      experts: [
        [0, 1, 1, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 0, 0],
      ],
    },
    'row 1 of "experts" is out of order, or there twice',
  ],
  [
    "rows out of order",
    {
      ...good,
      experts: [
        [1, 0, 1, 0, 0, 0, 0],
        [0, 3, 1, 0, 0, 0, 0],
      ],
    },
    'row 1 of "experts" is out of order, or there twice',
  ],
  ["a snapshot that is none", { ...good, warmPin: null }, '"warmPin" must be an object, not null'],
  [
    "a snapshot without hits",
    { ...good, warmPin: { misses: 0, pinned: [] } },
    '"hits" of "warmPin" must be a whole number of at least 0, not absent',
  ],
  [
    "a snapshot without misses",
    { ...good, warmPin: { hits: 0, pinned: [] } },
    '"misses" of "warmPin" must be a whole number of at least 0, not absent',
  ],
  [
    "pins that are no list",
    { ...good, warmPin: { hits: 0, misses: 0, pinned: 3 } },
    '"pinned" must be a list, not 3',
  ],
  [
    "a pin that is no number",
    { ...good, warmPin: { hits: 0, misses: 0, pinned: ["3"] } },
    'an entry of "pinned" must be a whole number of at least 0, not "3"',
  ],
  [
    "a pin of no expert",
    { ...good, warmPin: { hits: 0, misses: 0, pinned: [12] } },
    "pinned expert 12 is not one of the 12 of this profile",
  ],
])("%s is refused by name", (_, value, reason) => {
  expect(errorOf(() => loadProfile(value))).toBe(`access profile: ${reason}`);
});

test("what is refused is shown, but not at any length", () => {
  const message = errorOf(() => loadProfile({ ...good, experts: "x".repeat(1000) }));
  expect(message.length).toBeLessThan(100);
});

test("a fault that is not the file's passes through as it is", () => {
  const trap = {
    ...good,
    get warmPin(): never {
      throw new TypeError("not about the file");
    },
  };
  expect(() => loadProfile(trap)).toThrow(TypeError);
});
