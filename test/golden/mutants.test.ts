import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compare, type GoldenCase, goldenCases } from "./golden.ts";

const folder = fileURLToPath(new URL("../fixtures/golden/qwen3moe", import.meta.url));

function goldenNamed(title: string): GoldenCase {
  const golden = goldenCases(folder, ["qwen3moe"]).find((one) => one.title === title);
  if (golden === undefined) throw new Error(`no golden ${title}`);
  return golden;
}

test("a wrong token is noticed, and the layer named", async () => {
  const golden = goldenNamed("qwen3moe/q8_0 short exact");
  const prompt = golden.run.prompt.with(3, 0);
  const { problems } = await compare({ ...golden, run: { ...golden.run, prompt } });
  expect(problems.join("\n")).toMatch(/logits of position 3 differ/);
  expect(problems.join("\n")).toMatch(/l_out of layer \d at position/);
});

test("unrounded activations do not pass for rounded ones, whatever ties are turned", async () => {
  const golden = goldenNamed("qwen3moe/k_q4_k_m short fast");
  const { problems } = await compare(golden, { arithmetic: "exact" });
  expect(problems.length).toBeGreaterThan(0);
});
