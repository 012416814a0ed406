/** `sluice inspect`: readable and as JSON, for every kind of file. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { f32Tensor, i32, u16, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { goldenModel, sluice } from "./sluice.ts";

const scratch = scratchFolder();

async function inspect(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await sluice(["inspect", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

test("describes the embedded model", async () => {
  expect(await inspect()).toMatchInlineSnapshot(`
    "tiny-moe-q6_k.gguf, 10.4 MiB
      name           sluice-tiny-moe
      architecture   qwen3moe
      sluice         runs this architecture
      parameters     11.5 million, 3.26 million of them per token
      layers         6
      hidden size    256
      context        512 tokens
      vocabulary     2048 tokens (gpt2, qwen2)
      chat template  yes

    Experts
      per layer            32
      per token            4 of them in each layer
      layers with experts  6
      bytes of one expert  43.3 KiB
      bytes of one layer   1.35 MiB
      token cycle T        24 expert slots (layers x top-k: 6 x 4), 1.01 MiB

    Memory to run it
      hot tensors      2.26 MiB
      experts          8.11 MiB, or less with --ram
      keys and values  1.46 MiB per 1000 tokens in f16, twice as much in f32
                       768 KiB at the default context of 512

    format  tensors      size  multiplied by
    Q8_0         32  5.25 MiB  a kernel
    Q6_K         12  4.92 MiB  a kernel
    F32          31   207 KiB  a kernel
    "
  `);
});

test("--tensors lists every tensor of the file", async () => {
  const lines = (await inspect(goldenModel, "--tensors")).split("\n");
  const head = lines.findIndex((line) => line.startsWith("tensor "));
  expect(lines.slice(head, head + 4)).toMatchInlineSnapshot(`
    [
      "tensor                      shape        format  bytes  offset",
      "output.weight               64 x 320     Q8_0    21760    8768",
      "output_norm.weight          64           F32       256   30528",
      "token_embd.weight           64 x 320     Q8_0    21760   30784",
    ]
  `);
});

test("--json has the same in full, tensors on demand", async () => {
  const json = JSON.parse(await inspect(goldenModel, "--json"));
  expect(json).toMatchObject({
    file: "q8_0.gguf",
    architecture: "qwen3moe",
    obstacle: null,
    layerCount: 3,
    experts: { expertCount: 8, expertsPerToken: 3, tokenCycle: { slots: 9 } },
  });
  expect(json).not.toHaveProperty("tensors");
  const { tensors } = JSON.parse(await inspect(goldenModel, "--json", "--tensors"));
  expect(tensors[0]).toEqual({
    name: expect.any(String),
    shape: expect.any(Array),
    format: expect.any(String),
    bytes: expect.any(Number),
    file: 0,
    offset: expect.any(Number),
  });
});

test("takes any file of a split model", async () => {
  const [, second = ""] = [0, 1].map((index) =>
    writeGguf(join(scratch, `split-0000${index + 1}-of-00002.gguf`), {
      metadata: {
        ...(index === 0 ? { "general.architecture": "olmoe" } : {}),
        "split.no": u16(index),
        "split.count": u16(2),
        "split.tensors.count": i32(2),
      },
      tensors: [f32Tensor(`part${index}`, [4, 2])],
    }),
  );
  const text = await inspect(second, "--tensors");
  expect(text).toMatch(/^split-00001-of-00002\.gguf, \d+ bytes in 2 files\n/);
  expect(text).toMatch(/^part0 +4 x 2 +F32 +32 +\d+ +1$/m);
  expect(text).toMatch(/^part1 +4 x 2 +F32 +32 +\d+ +2$/m);
});

test("takes a file that holds only a vocabulary", async () => {
  const path = join(scratch, "llama-spm.gguf");
  const packed = new URL("../fixtures/vocab/llama-spm.gguf.gz", import.meta.url);
  writeFileSync(path, gunzipSync(readFileSync(packed)));
  const text = await inspect(path);
  expect(text).toContain("cannot run it: the file holds no weights");
  expect(text).toContain("32000 tokens (llama, default)");
});

test("a family it cannot run is described and said to be so", async () => {
  const path = writeGguf(join(scratch, "new.gguf"), {
    metadata: { "general.architecture": "brandnew", "brandnew.block_count": 2 },
    tensors: [f32Tensor("token_embd.weight", [4, 3])],
  });
  const text = await inspect(path);
  expect(text).toContain('cannot run it: new.gguf is a "brandnew" model');
  expect(text).toMatch(/^ {2}layers +2$/m);
  expect(text).toMatch(/^ {2}keys and values +unknown for this architecture$/m);
});

test("names that try to steer the terminal become harmless", async () => {
  const path = writeGguf(join(scratch, "evil.gguf"), {
    metadata: { "general.architecture": "a\u001b[31m", "general.name": "x\ny" },
    tensors: [f32Tensor("t\u0007", [4])],
  });
  const text = await inspect(path, "--tensors");
  expect(text).toContain("a\\x1b[31m");
  expect(text).toContain("x\\x0ay");
  expect(text).toContain("t\\x07");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
