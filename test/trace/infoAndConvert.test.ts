/** `sluice trace info` and `convert`, run as a user runs them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { sluice } from "../cli/sluice.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { fileWith, gptOss, readTrace, smallTrace, writeTrace } from "./traceSamples.ts";

const scratch = scratchFolder();
const at = (name: string) => join(scratch, name);

/** What it prints, if it succeeds. */
async function trace(...args: readonly string[]) {
  const { code, stdout, stderr } = await sluice(["trace", ...args]);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return { stdout, stderr: stderr.replaceAll(scratch, "") };
}

test("info describes a trace", async () => {
  const { stdout, stderr } = await trace("info", gptOss);
  expect(stderr).toBe("");
  expect(stdout).toMatchInlineSnapshot(`
    "gptoss.route.csv.gz, 79.1 KiB
      model                gpt-oss-120b-Q4_K_M.gguf
      architecture         gpt-oss
      origin               route_trace v1
      layers               36 x 128 experts, 2 per token
      bytes of one expert  12.6 MiB
      token cycle T        72 expert slots (layers x top-k: 36 x 2), 908 MiB
      sequences            1
      tokens               149: 85 prefill, 64 decode
      records              2340, with experts, weights
      accesses             10560
      size per token       544 bytes
      experts used         2267 of 4608 (49.2 %)
      most used T experts  20.8 % of the accesses
      most used tenth      58.7 % of the accesses
      most used expert     88 of layer 30: 62.4 % of its layer's tokens
    "
  `);
});

test("info --json has the same numbers", async () => {
  writeTrace(at("some.trace"), smallTrace(2));
  const { stdout } = await trace("info", at("some.trace"), "--json");
  expect({ ...JSON.parse(stdout), file: "" }).toMatchInlineSnapshot(`
    {
      "accesses": 8,
      "architecture": "none",
      "bytesPerToken": 140,
      "expertBytes": [
        1000,
        2000,
      ],
      "experts": {
        "tenthShare": 0.25,
        "tokenCycleShare": 0.5,
        "total": 16,
        "used": 8,
      },
      "expertsPerLayer": 8,
      "expertsPerToken": 2,
      "file": "",
      "fileBytes": 280,
      "hasLogits": false,
      "hasWeights": true,
      "kind": "trace",
      "layerCount": 2,
      "lookaheads": 0,
      "model": "small",
      "mostUsed": {
        "expert": 0,
        "layer": 0,
        "tokenShare": 0.5,
      },
      "origin": "a test",
      "records": 4,
      "remarks": [],
      "sequences": 1,
      "tokenCycle": {
        "bytes": 6000,
        "slots": 4,
      },
      "tokens": {
        "decode": 2,
        "prefill": 0,
        "total": 2,
      },
    }
  `);
});

test("a trace goes through all formats and comes back whole", async () => {
  const whole = smallTrace(30);
  writeTrace(at("a.trace"), whole);
  await trace("convert", at("a.trace"), at("b.jsonl"));
  await trace("convert", at("b.jsonl"), at("c.csv.gz"));
  await trace(
    "convert",
    at("c.csv.gz"),
    at("d.whatever"),
    "--to",
    "jsonl",
    "--compression",
    "zstd",
  );
  const { stderr } = await trace(
    "convert",
    at("d.whatever"),
    at("e.trace"),
    "--compression",
    "gzip",
  );
  expect(stderr).toMatch(/^wrote \/e\.trace, \d+ bytes\n$/);
  const { header, records } = await readTrace(at("e.trace"));
  expect(records).toEqual(whole.records);
  // A route_trace does not know who recorded it.
  expect(header).toEqual({ ...whole.header, origin: "route_trace v1" });
  expect(gunzipSync(readFileSync(at("c.csv.gz"))).toString()).toContain("# route_trace v1\n");
  expect(readFileSync(at("b.jsonl"), "utf8").split("\n")).toHaveLength(1 + 60 + 1);
});

test("--no-weights leaves the weights out", async () => {
  writeTrace(at("a.trace"), smallTrace(30));
  await trace("convert", at("a.trace"), at("bare.trace"), "--no-weights");
  const { header, records } = await readTrace(at("bare.trace"));
  expect([header.hasWeights, records[0]?.weights]).toEqual([false, undefined]);
  expect(records[7]?.experts).toEqual(smallTrace(30).records[7]?.experts);
});

test("a damaged trace is refused with its mend, leaves nothing behind, and can be mended", async () => {
  writeTrace(at("a.trace"), smallTrace(30), { blockBytes: 200 });
  fileWith(at("cut.trace"), readFileSync(at("a.trace")).subarray(0, 600));
  const { code, stderr } = await sluice(["trace", "convert", at("cut.trace"), at("mended.trace")]);
  expect(code).toBe(1);
  expect(stderr.replaceAll(scratch, "")).toMatchInlineSnapshot(`
    "sluice: /cut.trace at byte 414: the file ends within the block that begins here; 18 good records before it, the last is number 17 ("sluice trace convert /cut.trace OUT --salvage" keeps them)
    "
  `);
  expect(readdirSync(scratch).filter((name) => name.startsWith("mended"))).toEqual([]);

  const mend = await trace("convert", at("cut.trace"), at("mended.trace"), "--salvage");
  expect(mend.stderr.replace(/\d+ bytes/, "some bytes")).toMatchInlineSnapshot(`
    "/cut.trace: salvaged the 18 records before this damage: the file ends within the block that begins here
    wrote /mended.trace, some bytes
    "
  `);
  const { records } = await readTrace(at("mended.trace"));
  expect(records).toEqual(smallTrace(30).records.slice(0, records.length));
  expect(records.length).toBeGreaterThan(10);
});

test.for<[args: string[], message: string]>([
  [["convert", gptOss, "out.txt"], "what should out.txt be?"],
  [
    ["convert", gptOss, "out.trace", "--compression", "best"],
    "Allowed choices are none, gzip, zstd.",
  ],
  [["info", gptOss, "--experts", "0"], "It must be a whole number from 1 to 65536."],
  [["info"], "missing required argument 'file'"],
])("%o is bad usage", async ([args, message]) => {
  const { code, stdout, stderr } = await sluice(["trace", ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});

test("what is no trace is said in one line", async () => {
  fileWith(at("prose.txt"), "Once upon a time");
  const { code, stderr } = await sluice(["trace", "info", at("prose.txt")]);
  expect(code).toBe(1);
  expect(stderr.replaceAll(scratch, "")).toBe(
    "sluice: /prose.txt: this is no routing trace; known are .trace, route_trace v1 (CSV), JSONL and .npy\n",
  );
});
