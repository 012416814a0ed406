/** Help, versions and what happens to command lines that are wrong. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { samplingDefaults } from "../../src/generation/sampler.ts";
import { writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { goldenModel, sluice } from "./sluice.ts";

const scratch = scratchFolder();
const packageJson = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string; engines: { node: string } };

test("without a command, and with --help, it shows help on stdout", async () => {
  const bare = await sluice([]);
  expect(bare).toMatchObject({ code: 0, stderr: "" });
  expect(bare.stdout).toContain("Examples:");
  expect(bare.stdout).toContain("interrupted by Ctrl-C");
  expect((await sluice(["--help"])).stdout).toBe(bare.stdout);
});

test.each(["run", "chat", "bench", "inspect", "devices", "tokenize", "logits"])(
  "%s --help fits and ends with examples",
  async (command) => {
    const { code, stdout, stderr } = await sluice([command, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/Examples:\n(?: {2}\$ .+\n){2,4}$/);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  },
);

test("the help of run names the defaults of the library", async () => {
  const { stdout } = await sluice(["run", "--help"]);
  for (const value of Object.values(samplingDefaults).filter((one) => typeof one === "number"))
    expect(stdout).toContain(`default: ${value}`);
});

test("--version is the package's", async () => {
  const { stdout } = await sluice(["--version"]);
  expect(stdout).toBe(`${packageJson.version}\n`);
});

test("an old Node is told what it lacks, in one line", async () => {
  const old = "Object.defineProperty(process.versions, 'node', { value: '23.11.1' })";
  const { code, stdout, stderr } = await sluice(["run"], {
    nodeOptions: ["--import", `data:text/javascript,${encodeURIComponent(old)}`],
  });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  const needed = /\d+/.exec(packageJson.engines.node)?.[0];
  expect(stderr).toBe(
    `sluice: needs Node ${needed} or newer, this is Node 23.11.1 (https://nodejs.org)\n`,
  );
});

test.each([
  ["an unknown command", ["speak"], "unknown command 'speak'"],
  ["an unknown option", ["run", "--maxtokens", "3"], "unknown option '--maxtokens'"],
  ["a second model", ["inspect", "a.gguf", "b.gguf"], "too many arguments"],
  ["half a number", ["run", "-n", "12abc"], "'-n, --max-tokens <count>' argument '12abc'"],
  ["an empty number", ["run", "--top-k", ""], "'--top-k <count>' argument ''"],
  ["an endless number", ["run", "--temperature", "1e999"], "'--temperature <value>'"],
  ["a share above 1", ["run", "--top-p", "1.5"], "'--top-p <share>'"],
  ["an unknown choice", ["run", "--kv", "q4_0"], "Allowed choices are f16, f32, q8_0"],
  ["no ids", ["logits", "--tokens", "1,,2"], "'--tokens <list>' argument '1,,2'"],
  ["no tokens", ["logits"], "required option '--tokens <list>' not specified"],
  ["a context beyond the model's", ["run", "--context", "100000"], "from 1 to 512"],
  ["a model without a prompt", ["run", goldenModel], "a prompt is missing"],
  ["an empty prompt", ["run", "-p", ""], "a prompt is missing"],
  ["two prompts", ["run", "-p", "a", "--prompt-file", "b"], "cannot be used together"],
  ["no text", ["tokenize"], "exactly one of --text, --text-file and --ids"],
])("%s is bad usage", async (_, args, message) => {
  const { code, stdout, stderr } = await sluice(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^sluice: /);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/See "sluice.* --help"\.\n$/);
});

test("files that are no models fail in one line", async () => {
  const whole = readFileSync(goldenModel);
  const truncated = join(scratch, "truncated.gguf");
  writeGguf(join(scratch, "empty.gguf"), {});
  writeFileSync(truncated, whole.subarray(0, whole.length - 1000));
  const outcomes = await Promise.all(
    [
      ["run", join(scratch, "absent.gguf"), "-p", "x"],
      ["run", scratch, "-p", "x"],
      ["inspect", new URL("../../package.json", import.meta.url).pathname],
      ["logits", truncated, "--tokens", "1"],
      ["tokenize", join(scratch, "empty.gguf"), "--text", "x"],
      ["tokenize", "--text-file", join(scratch, "absent.txt")],
    ].map((args) => sluice(args)),
  );
  for (const { code, stdout, stderr } of outcomes) {
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^sluice: .+\n$/);
  }
  expect(
    outcomes.map(({ stderr }) => stderr.replaceAll(scratch, "DIR")).join(""),
  ).toMatchInlineSnapshot(`
    "sluice: DIR/absent.gguf: there is no such file
    sluice: DIR is a directory; name a .gguf file in it
    sluice: package.json at byte 0: not a GGUF file: it does not begin with "GGUF"
    sluice: truncated.gguf at byte 295000: the file is shorter than its header says by 1000 bytes (tensor "blk.2.ffn_up_exps.weight"): download it again
    sluice: empty.gguf has no vocabulary (tokenizer.ggml.model)
    sluice: cannot read DIR/absent.txt: no such file or directory
    "
  `);
});
