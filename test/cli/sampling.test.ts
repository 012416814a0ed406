/** The sampling options of the command line: what they become, and that they work in `run`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import {
  addSamplingOptions,
  generateOptionsOf,
  type SamplingFlags,
} from "../../src/cli/samplingOptions.ts";
import { createSampler, samplerStages, samplingDefaults } from "../../src/generation/sampler.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { sluice } from "./sluice.ts";

const scratch = scratchFolder();

async function parse(...args: string[]) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addSamplingOptions(command);
  command.parse(args, { from: "user" });
  return generateOptionsOf(command.opts<SamplingFlags>());
}

test("without flags they are the library's defaults, but for those that have none", async () => {
  const { temperature: _, drySequenceBreakers: __, ...defaults } = samplingDefaults;
  expect(await parse()).toEqual(defaults);
});

test.each<[string[], object]>([
  [["--temperature", "0.5"], { temperature: 0.5 }],
  [
    ["--dynatemp-range", "0.4", "--dynatemp-exp", "2"],
    { dynamicTemperatureRange: 0.4, dynamicTemperatureExponent: 2 },
  ],
  [["--top-k", "3", "--top-p", "0.5", "--min-p", "0.2"], { topK: 3, topP: 0.5, minP: 0.2 }],
  [["--typical-p", "0.7", "--top-n-sigma", "1.5"], { typicalP: 0.7, topNSigma: 1.5 }],
  [["--top-n-sigma", "-1"], { topNSigma: -1 }],
  [
    ["--xtc-probability", "0.5", "--xtc-threshold", "0.2"],
    { xtcProbability: 0.5, xtcThreshold: 0.2 },
  ],
  [["--repeat-penalty", "1.1", "--repeat-last-n", "-1"], { repeatPenalty: 1.1, penaltyLastN: -1 }],
  [
    ["--frequency-penalty", "-0.5", "--presence-penalty", "1"],
    { frequencyPenalty: -0.5, presencePenalty: 1 },
  ],
  [
    [
      "--dry-multiplier",
      "0.8",
      "--dry-base",
      "2",
      "--dry-allowed-length",
      "3",
      "--dry-penalty-last-n",
      "99",
    ],
    { dryMultiplier: 0.8, dryBase: 2, dryAllowedLength: 3, dryPenaltyLastN: 99 },
  ],
  [
    ["--dry-sequence-breaker", "\\n", "--dry-sequence-breaker", "# "],
    { drySequenceBreakers: ["\n", "# "] },
  ],
  [["--dry-sequence-breaker", "none"], { drySequenceBreakers: [] }],
  [
    ["--mirostat", "2", "--mirostat-ent", "3", "--mirostat-lr", "0.2"],
    { mirostat: 2, mirostatTau: 3, mirostatEta: 0.2 },
  ],
  [
    ["--logit-bias", "5+1.5", "--logit-bias", "7-inf", "--logit-bias", "9-.5"],
    { logitBias: { 5: 1.5, 7: -Infinity, 9: -0.5 } },
  ],
  [["--samplers", "top_k; typ_p;temp"], { samplers: ["topK", "typicalP", "temperature"] }],
  [["--samplers", "xtc;minP;top-n-sigma"], { samplers: ["xtc", "minP", "topNSigma"] }],
  [["--seed", "4294967295", "--ignore-eos"], { seed: 4294967295, ignoreEos: true }],
  [["--stop", "a\\nb", "--stop", "\\\\n"], { stop: ["a\nb", "\\n"] }],
  [["--grammar", "root ::= [a]"], { grammar: "root ::= [a]" }],
])("%j", async (args, expected) => {
  const options = await parse(...args);
  expect(options).toMatchObject(expected);
  const { drySequenceBreakers = [] } = options;
  expect(() =>
    createSampler({ ...options, drySequenceBreakers: [], dryMultiplier: 0 }),
  ).not.toThrow();
  expect(drySequenceBreakers.every((text) => text !== "none")).toBe(true);
});

test.each([
  ["--logit-bias", "5"],
  ["--logit-bias", "5+inf"],
  ["--logit-bias", "-5+1"],
  ["--logit-bias", "5+nan"],
  ["--samplers", "topK;best"],
  ["--samplers", ""],
  ["--mirostat", "1"],
  ["--repeat-penalty", "0"],
  ["--repeat-last-n", "-2"],
  ["--dry-base", "0.5"],
  ["--typical-p", "1.5"],
])("%s %j is refused by name", async (flag, value) => {
  await expect(parse(flag, value)).rejects.toThrow(flag);
});

test("the documentation has every option with its default and its flag", () => {
  const page = readFileSync(new URL("../../docs/sampling.md", import.meta.url), "utf8");
  for (const [name, value] of Object.entries(samplingDefaults)) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` | \`--`));
    expect(row, name).toBeDefined();
    if (typeof value === "number") expect(row).toContain(` | ${value} | `);
  }
  const command = new Command();
  addSamplingOptions(command);
  for (const { long } of command.options) expect(page).toMatch(new RegExp(`\`${long}[ \`]`));
  expect(page).toContain(samplerStages.map((stage) => `\`${stage}\``).join(" → "));
});

describe("grammars and schemas from files", () => {
  const file = join(scratch, "constraint");

  test("are read as they are", async () => {
    writeFileSync(file, '{"type": "integer"}\n');
    expect(await parse("--json-schema", file)).toMatchObject({ jsonSchema: { type: "integer" } });
    expect(await parse("--grammar-file", file)).toMatchObject({ grammar: '{"type": "integer"}\n' });
  });

  test("that are no JSON or not there are named", async () => {
    writeFileSync(file, "{");
    await expect(parse("--json-schema", file)).rejects.toThrow(`--json-schema ${file}: not JSON`);
    await expect(parse("--grammar-file", join(scratch, "none"))).rejects.toThrow("cannot read");
  });

  test("exclude each other", async () => {
    await expect(parse("--grammar", "x", "--json-schema", file)).rejects.toThrow(
      "only one of --grammar, --grammar-file and --json-schema can be used",
    );
  });
});

test("run stops before a stop string and says so", async () => {
  const { code, stdout, stderr } = await sluice(["run", "--stop", "called", "--no-map"]);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "A mixture of experts is a model with many small networks, \n",
  });
  expect(stderr).toMatch(/^ended +by a stop string$/m);
});

test("run refuses what only the model can judge", async () => {
  const { code, stderr } = await sluice(["run", "--logit-bias", "999999+1"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^sluice: logitBias names token 999999; /);
});
