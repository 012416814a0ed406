import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compare, goldenCases } from "./golden.ts";

const folder = fileURLToPath(new URL("../fixtures/golden", import.meta.url));
const cases = goldenCases(folder, ["llama", "olmoe", "qwen3moe"]);

test("the fixtures hold every family in both arithmetics", () => {
  expect(cases.length).toBeGreaterThanOrEqual(60);
});

test.for(cases.map((golden) => [golden.title, golden] as const))(
  "%s agrees with llama.cpp",
  async ([, golden]) => {
    const { problems } = await compare(golden);
    expect(problems).toEqual([]);
  },
);
