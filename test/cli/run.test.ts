/** `sluice run`: text on stdout, the rest on stderr, and the same text in every way to ask. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { embeddedModelPath, embeddedModelPrompt } from "../../src/generation/embeddedModel.ts";
import { openModel } from "../../src/generation/languageModel.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { goldenModel, sluice, startSluice } from "./sluice.ts";

const scratch = scratchFolder();

interface RunJson {
  readonly model: string;
  readonly text: string;
  readonly tokens: readonly number[];
  readonly statistics: Record<string, unknown>;
  readonly memory: Record<string, number>;
  readonly use: { layers: number; experts: number; counts: number[][] };
}

async function runJson(args: readonly string[]): Promise<RunJson> {
  const { code, stdout, stderr } = await sluice(["run", ...args, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as RunJson;
}

/** What the library says to the same prompt. */
async function answerOf(prompt: string): Promise<string> {
  await using model = await openModel();
  let text = "";
  const messages = [{ role: "user", content: prompt }];
  for await (const piece of model.generate(messages, { temperature: 0 })) text += piece;
  return text;
}

test("without anything it asks the embedded model, and reports on stderr", async () => {
  const { code, stdout, stderr } = await sluice(["run"]);
  expect(code).toBe(0);
  expect(stdout).toBe(`${await answerOf(embeddedModelPrompt)}\n`);
  expect(stdout).toMatch(/^A mixture of experts is /);
  expect(stderr).toMatch(/^prefill +17 tokens +[\d.]+ s +[\d.]+ tokens\/s$/m);
  expect(stderr).toMatch(/^decode +\d+ tokens +[\d.]+ s +[\d.]+ tokens\/s$/m);
  expect(stderr).toMatch(/^memory +[\d.]+ MiB: experts /m);
  expect(stderr).toMatch(/^ended +by the model$/m);
  expect(stderr.match(/^layer \d [·░▒▓█]{64}$/gm)).toHaveLength(6);
  expect(stderr.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("--json prints one object and nothing else", async () => {
  const { text, tokens, statistics, memory, use } = await runJson([]);
  expect(text).toBe(await answerOf(embeddedModelPrompt));
  const generated = tokens.length;
  expect(statistics).toEqual({
    promptTokens: 17,
    reusedTokens: 0,
    generatedTokens: generated,
    prefillMs: expect.any(Number),
    decodeMs: expect.any(Number),
    finishReason: "end",
    seed: expect.any(Number),
    prefillTokensPerSecond: expect.any(Number),
    decodeTokensPerSecond: expect.any(Number),
  });
  // The token that ended the text took a step as well, the first one came with the prompt.
  const { decodeMs, decodeTokensPerSecond } = statistics as Record<string, number>;
  expect(decodeTokensPerSecond).toBeCloseTo((generated / decodeMs!) * 1000);
  expect(memory).toMatchObject({ hotBytes: 2370048, expertBytes: 8503296 });
  expect(use).toMatchObject({ layers: 6, experts: 32 });
  // Each token fed goes to 4 experts of every layer.
  const uses = use.counts.map((counts) => counts.reduce((sum, count) => sum + count, 0));
  expect(uses).toEqual(new Array(6).fill((17 + generated) * 4));
});

test("a seed repeats a text, another one gives another", async () => {
  const args = ["-p", "Tell me a story about a fox.", "-n", "16", "--temperature", "1.5"];
  const [first, again, other] = await Promise.all(
    ["7", "7", "8"].map((seed) => runJson([...args, "--seed", seed])),
  );
  expect(again?.text).toBe(first?.text);
  expect(other?.text).not.toBe(first?.text);
  expect(first?.statistics).toMatchObject({ seed: 7, generatedTokens: 16, finishReason: "length" });
  const { decodeMs, decodeTokensPerSecond } = (first?.statistics ?? {}) as Record<string, number>;
  expect(decodeTokensPerSecond).toBeCloseTo((15 / decodeMs!) * 1000);
});

test("a prompt may come from the command line, a file or stdin; one final line end is dropped", async () => {
  const prompt = "Who are you?";
  const file = join(scratch, "prompt.txt");
  writeFileSync(file, `${prompt}\r\n`);
  const common = ["run", "--no-map", "--temperature", "0"];
  const outcomes = await Promise.all([
    sluice([...common, "-p", prompt]),
    sluice([...common, "--prompt-file", file]),
    sluice([...common, "-p", "-"], { stdin: `${prompt}\n` }),
  ]);
  const expected = `${await answerOf(prompt)}\n`;
  expect(outcomes.map(({ stdout }) => stdout)).toEqual([expected, expected, expected]);
  expect(outcomes[0]?.stderr).not.toContain("layer");
});

test("--raw continues a prompt as it is; a model without a template always does", async () => {
  const greedy = ["-n", "8", "--temperature", "0"];
  const prompt = "Once upon a time";
  const [chat, raw, plain, plainRaw] = await Promise.all([
    runJson(["-p", prompt, ...greedy]),
    runJson(["-p", prompt, "--raw", ...greedy]),
    runJson([goldenModel, "-p", prompt, ...greedy]),
    runJson([goldenModel, "-p", prompt, "--raw", ...greedy]),
  ]);
  await using model = await openModel(embeddedModelPath);
  expect(raw?.statistics["promptTokens"]).toBe(model.tokenizer.encode(prompt).length);
  expect(chat?.statistics["promptTokens"]).toBeGreaterThan(model.tokenizer.encode(prompt).length);
  expect(plain?.tokens).toEqual(plainRaw?.tokens);
});

test("a prompt too long for the context fails in one line", async () => {
  const { code, stdout, stderr } = await sluice(["run", "-p", "word ".repeat(600)]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^sluice: \d+ tokens do not fit a context of 512.*\n$/);
});

test("a reader that goes away ends it without a word", async () => {
  const { child, outcome } = startSluice(["run"]);
  await once(child.stdout, "readable");
  child.stdout.destroy();
  expect(await outcome).toMatchObject({ code: 0, stderr: "" });
});
