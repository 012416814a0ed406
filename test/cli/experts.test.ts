/** Experts on demand, as the commands show them: the same text in less RAM, and what it cost. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../support/scratchFolder.ts";
import { denseModel } from "./denseModel.ts";
import { largeModel } from "./largeModel.ts";
import { sluice, startSluice } from "./sluice.ts";

const scratch = scratchFolder();
const question = ["run", "-n", "24", "--no-map"];

interface Counts {
  readonly uses: number;
  readonly hits: number;
  readonly admitted: number;
  readonly bypassed: number;
}

interface ExpertsJson {
  readonly policy: string;
  readonly predictor: string | null;
  readonly slots: number;
  readonly experts: number;
  readonly slotBytes: number;
  readonly tokenCycleSlots: number;
  readonly tokenCycles: number;
  readonly hitRate: Record<"prefill" | "decode", number | null>;
  readonly counts: Record<"prefill" | "decode", Counts>;
  readonly prefetch: Record<string, { readonly count: number; readonly bytes: number }>;
  readonly bytesRead: number;
  readonly stallMs: Record<"prefill" | "decode", number>;
  readonly stallMsPerToken: number | null;
  readonly pending: number;
  readonly cliff: object;
  readonly moreMemory: Record<string, number> | null;
}

async function expertsOf(args: readonly string[]): Promise<ExpertsJson> {
  const { code, stdout } = await sluice([...args, "--json"]);
  expect(code).toBe(0);
  return (JSON.parse(stdout) as { readonly experts: ExpertsJson }).experts;
}

test("less RAM gives the same text, and a report of what that cost", async () => {
  const [roomy, tight] = await Promise.all([
    sluice(question),
    sluice([...question, "--ram", "12MiB"]),
  ]);
  expect([roomy.code, tight.code]).toEqual([0, 0]);
  expect(tight.stdout).toBe(roomy.stdout);
  expect(roomy.stderr).toMatch(/^experts +all 192 in RAM$/m);
  expect(roomy.stderr).not.toMatch(/^(hits|read|ahead|RAM) /m);
  const { stderr } = tight;
  expect(stderr).toMatch(/^experts +\d+ of 192 in RAM, [\d.]+ token cycles; cycle-burst$/m);
  expect(stderr).toMatch(/^hits +[\d.]+ % in decode, [\d.]+ % in prefill$/m);
  expect(stderr).toMatch(/^read +[\d.]+ MiB; waited [\d.]+ ms per token, [\d.]+ ms in prefill$/m);
  expect(stderr).toMatch(
    /^ahead +\d+ experts by transitions, .+\n +\d+ useful, \d+ late, \d+ wasted, \d+ dropped$/m,
  );
  expect(stderr.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("the JSON of a run adds up", async () => {
  const json = await expertsOf([...question, "--ram", "12MiB"]);
  expect(json).toMatchObject({ policy: "cycle-burst", predictor: "transitions", experts: 192 });
  expect(json.slots).toBeLessThan(100);
  expect(json.tokenCycles).toBeCloseTo(json.slots / 24);
  for (const phase of ["prefill", "decode"] as const) {
    const { uses, hits, admitted, bypassed } = json.counts[phase];
    expect(hits + admitted + bypassed).toBe(uses);
    expect(json.hitRate[phase]).toBeCloseTo(hits / uses);
    expect(json.stallMs[phase]).toBeGreaterThanOrEqual(0);
  }
  // Of the answer 23 of the 24 tokens were fed.
  expect(json.counts.decode.uses).toBe(23 * 24);
  expect(json.stallMsPerToken).toBeCloseTo(json.stallMs.decode / 23);
  expect(json.bytesRead).toBeGreaterThan(json.counts.decode.admitted);
  expect(json.cliff).toEqual({ status: "Ok", requiredSlots: 24, hitsNothing: false });
  expect(Object.keys(json.prefetch)).toEqual(["issued", "useful", "late", "wasted", "dropped"]);
});

test("what more RAM would save is only said where something was counted", async () => {
  const [long, brief, whole] = await Promise.all([
    expertsOf(["run", "-n", "40", "--ram", "12MiB"]),
    expertsOf(["run", "-n", "4", "--ram", "12MiB"]),
    expertsOf(["run", "-n", "40"]),
  ]);
  expect(brief.moreMemory).toBeNull();
  expect(whole).toMatchObject({ moreMemory: null, slots: 192, predictor: null });
  // Whether the machine waited for its disk at all is not for a test to say.
  if (long.moreMemory === null) return;
  const { extraBytes, tokensPerSecondNow, tokensPerSecondThen } = long.moreMemory;
  // All of them are less than a GiB.
  expect(extraBytes).toBe((192 - long.slots) * 44_288);
  expect(tokensPerSecondThen).toBeGreaterThanOrEqual(tokensPerSecondNow ?? 0);
});

test("slots that cannot work with the policy are warned of before the text", async () => {
  const args = ["run", "-n", "2", "--no-map", "--ram", "12MiB", "--policy", "slru"];
  const { code, stderr } = await sluice(args);
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^sluice: \d+ slots hold the 24 slots of one token cycle, but newcomers get too few .*: give it 105 slots.* Each token will read all of its experts anew, 1.01 MiB; --ram 1\dMiB would do\.\nprefill/,
  );
  const advised = /--ram (\d+MiB) would do/.exec(stderr)?.[1] ?? "";
  const { stderr: quiet } = await sluice([
    ...args.slice(0, 4),
    "--policy",
    "slru",
    "--ram",
    advised,
  ]);
  expect(quiet).toMatch(/^prefill/);
});

test("too little RAM is one line that says how much is needed", async () => {
  const { code, stdout, stderr } = await sluice(["run", "--ram", "1MiB"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^sluice: .*needs at least \d+ MiB.*--ram.*\n$/);
  const least = /at least (\d+) MiB/.exec(stderr)?.[1];
  expect((await sluice(["run", "-n", "1", "--ram", `${least}MiB`])).code).toBe(0);
});

test("bench leaves the warm-up out", async () => {
  const lengths = "--prompt-tokens 4 --generate-tokens 5 --passes 2 --ram 6MiB".split(" ");
  const json = await expertsOf(["bench", ...lengths]);
  expect(json.counts.decode.uses).toBe(2 * 5 * 24);
  expect(json.stallMsPerToken).toBeCloseTo(json.stallMs.decode / 10);
  const { stdout } = await sluice(["bench", ...lengths]);
  expect(stdout).toMatch(/^experts +\d+ of 192 in RAM/m);
  expect(stdout).toMatch(/^hits +[\d.]+ % in decode/m);
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("a chat tells of each answer, and of all in /stats", async () => {
  const { code, stderr } = await sluice(
    ["chat", "--temperature", "0", "-n", "6", "--ram", "12MiB", "--stats"],
    { stdin: "Who are you?\nTell me a story.\n/stats\n" },
  );
  expect(code).toBe(0);
  const answers = stderr.match(/^\[.*; hits [\d.]+ %, waited [\d.]+ ms a token.*\]$/gm);
  expect(answers).toHaveLength(2);
  expect(stderr).toMatch(/^experts +\d+ of 192 in RAM/m);
  expect(stderr).toMatch(/^hits +[\d.]+ % in decode/m);
});

test("logits are the same bits in less RAM", async () => {
  const args = ["logits", "--tokens", "1,2,3", "--decode", "2"];
  const [roomy, tight] = await Promise.all([sluice(args), sluice([...args, "--ram", "12MiB"])]);
  expect(tight.code).toBe(0);
  expect(tight.stdout).toBe(roomy.stdout);
});

test("--expert-stats writes a report, or JSON, or to stderr", async () => {
  const text = join(scratch, "experts.txt");
  const json = join(scratch, "experts.json");
  const outcomes = await Promise.all(
    [text, json, "-"].map((file) =>
      sluice([...question, "--ram", "12MiB", "--expert-stats", file]),
    ),
  );
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
  for (const report of [readFileSync(text, "utf8"), outcomes[2]?.stderr ?? ""]) {
    expect(report).toMatch(/^tiny-moe-q6_k\.gguf\n {2}experts +\d+ of 192 in RAM/m);
    expect(report).toMatch(/^\[AccessProfile\] overall hit rate: [\d.]+ % \(\d+ hits/m);
    expect(report).toMatch(/^ {2}layer {3}5: hit [\d.]+ % {2}top experts: \[/m);
  }
  const { model, experts, profile } = JSON.parse(readFileSync(json, "utf8")) as {
    model: string;
    experts: ExpertsJson;
    profile: { format: string; experts: number[][] };
  };
  expect(model).toBe("tiny-moe-q6_k.gguf");
  expect(profile.format).toBe("sluice-access-profile");
  const hits = profile.experts.reduce((sum, row) => sum + (row[2] ?? 0), 0);
  expect(hits).toBe(experts.counts.prefill.hits + experts.counts.decode.hits);
});

test("a model without experts has nothing to say of them", async () => {
  const { code, stderr } = await sluice(["run", denseModel(scratch), "-p", "x", "-n", "2"]);
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/^experts/m);
});

test.each(["eager", "lazy"])("Ctrl-C while experts are read (%s) ends it soon", async (load) => {
  const args = ["-p", "hello", "-n", "100000", "--context", "256", "--ignore-eos", "--no-map"];
  const { child, outcome } = startSluice(["run", largeModel(scratch), ...args, "--load", load]);
  // The listener for Ctrl-C is there long before the program needs this much memory.
  await untilLarge(child.pid ?? 0);
  const begin = performance.now();
  child.kill("SIGINT");
  const { code, stderr } = await outcome;
  expect(code).toBe(130);
  expect(stderr).toMatch(/sluice: interrupted\n$/);
  expect(performance.now() - begin).toBeLessThan(3000);
});

/** Waits until a process holds 150 MB, or has ended. */
async function untilLarge(pid: number): Promise<void> {
  for (;;) {
    let status: string;
    try {
      status = readFileSync(`/proc/${pid}/status`, "utf8");
    } catch {
      return;
    }
    if (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) > 150_000) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
