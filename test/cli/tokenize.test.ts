/** `sluice tokenize`: text to ids and back, byte for byte. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { scratchFolder } from "../support/scratchFolder.ts";
import { sluice } from "./sluice.ts";

const scratch = scratchFolder();

async function tokenize(args: readonly string[], stdin?: string): Promise<string> {
  const options = stdin === undefined ? {} : { stdin };
  const { code, stdout, stderr } = await sluice(["tokenize", ...args], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

test("lists ids and pieces", async () => {
  expect(await tokenize(["--text", "Hello world\n✓"])).toMatchInlineSnapshot(`
    "  75  "H"
    1606  "ello"
     441  " wor"
     342  "ld"
      13  "\\n"
     229  "<0xE2>"
     159  "<0x9C>"
     150  "<0x93>"
    "
  `);
});

test("--json is {ids, pieces}, and {ids, pieces, text} for --ids", async () => {
  const json = JSON.parse(await tokenize(["--text", "Hello", "--json"]));
  expect(json).toEqual({ ids: [75, 1606], pieces: ["H", "ello"] });
  expect(JSON.parse(await tokenize(["--ids", "75, 1606", "--json"]))).toEqual({
    ...json,
    text: "Hello",
  });
  expect(await tokenize(["--ids", "75,1606"])).toBe("Hello\n");
});

test("every byte of a text counts, from a file and from stdin", async () => {
  const text = "\uFEFFa\r\n\r\n  b\t\n\n";
  const file = join(scratch, "text.txt");
  writeFileSync(file, text);
  const outputs = await Promise.all([
    tokenize(["--text", text, "--json"]),
    tokenize(["--text-file", file, "--json"]),
    tokenize(["--text", "-", "--json"], text),
    tokenize(["--text-file", "-", "--json"], text),
  ]);
  expect(new Set(outputs).size).toBe(1);
  const { ids } = JSON.parse(outputs[0] ?? "") as { ids: number[] };
  const back = JSON.parse(await tokenize(["--ids", ids.join(), "--json"])) as { text: string };
  expect(back.text).toBe(text);
});

test("--no-special reads special tokens as text and adds none", async () => {
  const path = join(scratch, "llama-spm.gguf");
  const packed = new URL("../fixtures/vocab/llama-spm.gguf.gz", import.meta.url);
  writeFileSync(path, gunzipSync(readFileSync(packed)));
  const args = [path, "--text", "</s>", "--json"];
  expect(JSON.parse(await tokenize(args)).pieces).toEqual(["<s>", "</s>"]);
  const { ids, pieces } = JSON.parse(await tokenize([...args, "--no-special"]));
  expect(pieces.join("")).toBe(" </s>");
  expect(ids).not.toContain(2);
  // Of ids, the special ones are left out.
  expect(await tokenize([path, "--ids", "1,22172,2", "--no-special"])).toBe("hello\n");
});

test("an empty text has no tokens", async () => {
  expect(await tokenize(["--text", ""])).toBe("");
  expect(JSON.parse(await tokenize(["--text", "", "--json"]))).toEqual({ ids: [], pieces: [] });
});

test("ids outside the vocabulary are bad usage, bytes that are no UTF-8 a failure", async () => {
  const outside = await sluice(["tokenize", "--ids", "1,2048"]);
  expect(outside).toMatchObject({ code: 2, stdout: "" });
  expect(outside.stderr).toContain("2048 is not a token of this model; tokens go from 0 to 2047");
  const broken = await sluice(["tokenize", "--text", "-"], { stdin: Uint8Array.of(0x61, 0xff) });
  expect(broken).toEqual({
    code: 1,
    stdout: "",
    stderr: "sluice: cannot read stdin: it is not UTF-8 text\n",
  });
});
