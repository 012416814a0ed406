/** Options and variables about experts: what they take, and what becomes of nonsense. */
import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { addEngineOptions, type EngineFlags, openOptionsOf } from "../../src/cli/engineOptions.ts";
import { addSwitch, readSwitch } from "../../src/cli/environment.ts";
import { addRecordOptions, checkRecordFlags, type RecordFlags } from "../../src/cli/recording.ts";
import type { OpenOptions } from "../../src/generation/languageModel.ts";
import { sluice } from "./sluice.ts";

afterEach(() => vi.unstubAllEnvs());

/** What a command would open a model with, and whether it tells how it goes. */
function read(args: readonly string[]): OpenOptions & { readonly stats?: boolean } {
  let read: OpenOptions & { readonly stats?: boolean } = {};
  const command = new Command("sluice").exitOverride().configureOutput({ writeErr: () => {} });
  addEngineOptions(command);
  addRecordOptions(command);
  addSwitch(command, { flags: "--stats", help: "", variable: "SLUICE_STATS" });
  command.action((flags: EngineFlags & RecordFlags & { readonly stats?: boolean }) => {
    checkRecordFlags(flags);
    const { stats } = flags;
    read = { ...openOptionsOf(flags, undefined), ...(stats === undefined ? {} : { stats }) };
  });
  command.parse(args, { from: "user" });
  return read;
}

test.each([
  ["an unknown unit", ["--ram", "9XB"], "It must be auto or a number of bytes from 1 up"],
  ["no RAM", ["--ram", "0"], "It must be auto or a number of bytes from 1 up"],
  ["an unknown time to load", ["--load", "now"], "Allowed choices are eager, lazy"],
  ["an unknown policy", ["--policy", "lru2"], 'There is no policy "lru2"; there are lru, fifo, '],
  ["an unknown inner policy", ["--policy", "per-layer(x)"], 'There is no policy "x"'],
  ["an unknown parameter", ["--policy", "lru:a=1"], 'lru has no parameter "a"'],
  ["a parameter out of range", ["--policy", "slru:protected=7"], "protected must be 0 to 1"],
  ["a policy that needs the future", ["--policy", "belady"], "which only a simulation can"],
  ["an unknown predictor", ["--predict", "oracle"], "Allowed choices are gate-lookahead, "],
  ["half a budget", ["--prefetch-budget", "1.5.5G"], "It must be off or a number of bytes"],
  ["half an expert", ["--insert-cap", "1.5"], "It must be a whole number from 0 up"],
  ["half a pin", ["--warmpin", "x"], "It must be a whole number from 0 up"],
  ["no time for pins", ["--warmpin-after", "0"], "It must be a whole number from 1 up"],
  ["a time for pins without pins", ["--warmpin-after", "9"], "does nothing without --warmpin"],
  ["heat from nowhere", ["--heat", ""], "It must name a file"],
  ["statistics to nowhere", ["--expert-stats", ""], "It must name a file"],
  ["a record to nowhere", ["--record", ""], "It must name a file"],
  ["logits without a record", ["--record-logits"], "does nothing without --record"],
  ["packing without a record", ["--record-compression", "gzip"], "does nothing without --record"],
  ["unknown packing", ["--record-compression", "rar"], "Allowed choices are none, gzip, zstd"],
])("%s is refused", (_, args, message) => {
  expect(() => read(args)).toThrow(message);
});

test.each([
  ["RAM", "lots"],
  ["RAM", ""],
  ["LOAD", "later"],
  ["POLICY", "nope"],
  ["PREDICT", "false"],
  ["PREFETCH_BUDGET", "-1"],
  ["INSERT_CAP", "many"],
  ["WARMPIN", "1.5"],
  ["WARMPIN_AFTER", ""],
  ["HEAT", ""],
  ["EXPERT_STATS", ""],
  ["STATS", "maybe"],
  ["STATS", ""],
])("SLUICE_%s=%s is refused by the variable's name", (name, value) => {
  vi.stubEnv(`SLUICE_${name}`, value);
  expect(() => read([])).toThrow(`SLUICE_${name}`);
});

test("each option reaches the engine, as a flag and as a variable", () => {
  const bare = read([]);
  const given = {
    ram: ["8GiB", { ramBytes: 2 ** 33 }],
    load: ["lazy", { load: "lazy" }],
    policy: ["slru:protected=0.5", { policy: "slru:protected=0.5" }],
    predict: ["off", { predictor: "off" }],
    "prefetch-budget": ["off", { prefetchBytes: 0 }],
    "insert-cap": ["3", { insertCap: 3 }],
    warmpin: ["2", { warmPins: 2 }],
    "warmpin-after": ["100", { warmPinsAfter: 100 }],
  } as const;
  const entries = Object.entries(given);
  const expected = Object.assign({}, bare, ...entries.map(([, [, option]]) => option)) as object;
  expect(read(entries.flatMap(([name, [value]]) => [`--${name}`, value]))).toEqual(expected);
  for (const [name, [value]] of entries) {
    vi.stubEnv(`SLUICE_${name.toUpperCase().replace("-", "_")}`, value);
  }
  expect(read([])).toEqual(expected);
  expect(read(["--ram", "auto"])).toEqual({ ...expected, ramBytes: "auto" });
  expect(read(["--prefetch-budget", "1K"])).toEqual({ ...expected, prefetchBytes: 1024 });
});

test("a flag beats its variable, even one that holds nonsense", () => {
  vi.stubEnv("SLUICE_POLICY", "nope");
  vi.stubEnv("SLUICE_STATS", "maybe");
  expect(read(["--policy", "lru", "--stats"])).toMatchObject({ policy: "lru", stats: true });
});

test("switches know five words for on and five for off, in any case", () => {
  expect(["1", "true", "ON", "Yes", "enabled"].map(readSwitch)).toEqual(new Array(5).fill(true));
  expect(["0", "FALSE", "off", "no", "Disabled"].map(readSwitch)).toEqual(new Array(5).fill(false));
  for (const text of ["", " on", "2", "y", "toString"]) expect(readSwitch(text)).toBeUndefined();
  expect(read([])).not.toHaveProperty("stats");
  vi.stubEnv("SLUICE_STATS", "Off");
  expect(read([])).toMatchObject({ stats: false });
});

test("the program tells it in one line, and before it looks for the model", async () => {
  const args = ["run", "/nowhere.gguf", "-p", "x"];
  const [flag, variable, off] = await Promise.all([
    sluice([...args, "--policy", "lru2"]),
    sluice(args, { env: { SLUICE_RAM: "lots" } }),
    sluice(args, { env: { SLUICE_STATS: "maybe" } }),
  ]);
  for (const { code, stdout, stderr } of [flag, variable, off]) {
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^sluice: .+\nSee "sluice run --help"\.\n$/);
  }
  expect(variable.stderr).toContain("value 'lots' from env 'SLUICE_RAM' is invalid");
  expect(off.stderr).toContain("SLUICE_STATS is 'maybe'; it may be 1/0, true/false, on/off");
});
