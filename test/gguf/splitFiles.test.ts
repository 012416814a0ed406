/** Models split over files: any file opens all, and sets that do not fit together are refused. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openGguf } from "../../src/gguf/ggufFile.ts";
import { errorOf } from "../support/errorOf.ts";
import { f32Tensor, type GgufSource, i32, u16, writeGguf } from "../support/ggufBuilder.ts";
import { scratchFolder } from "../support/scratchFolder.ts";

const scratch = scratchFolder();
const names = [1, 2, 3].map((number) => `model-0000${number}-of-00003.gguf`);

/** Three files of two tensors each; `change` may spoil one (`undefined` leaves it out). */
function writeSplit(
  folderName: string,
  change: (source: GgufSource, index: number) => GgufSource | undefined = (source) => source,
): string[] {
  const folder = join(scratch, folderName);
  mkdirSync(folder);
  return names.map((name, index) => {
    const source = change(
      {
        metadata: {
          ...(index === 0 ? { "general.architecture": "olmoe" } : {}),
          "split.no": u16(index),
          "split.count": u16(3),
          "split.tensors.count": i32(6),
        },
        tensors: [f32Tensor(`a${index}`, [2], [index, 0]), f32Tensor(`b${index}`, [2], [index, 1])],
      },
      index,
    );
    const path = join(folder, name);
    return source === undefined ? path : writeGguf(path, source);
  });
}

test("any file opens all, with the first file's metadata", async () => {
  const paths = writeSplit("whole");
  for (const path of paths) {
    await using file = await openGguf(path);
    expect(file.path).toBe(paths[0]);
    expect(file.name).toBe(names[0]);
    expect(file.metadata.string("general.architecture")).toBe("olmoe");
    expect([...file.tensors.keys()]).toEqual(["a0", "b0", "a1", "b1", "a2", "b2"]);
    for (const index of [0, 1, 2]) {
      const values = new Float32Array(2);
      const tensor = file.tensor(`b${index}`);
      await file.read(tensor, 0, new Uint8Array(values.buffer));
      expect([...values]).toEqual([index, 1]);
      expect(tensor.shard).toBe(index);
    }
  }
});

test("sets that are incomplete or do not fit together are refused", async () => {
  const spoilt = {
    missing: writeSplit("missing", (source, index) => (index === 1 ? undefined : source)),
    swapped: writeSplit("swapped", (source, index) =>
      index === 0
        ? source
        : { ...source, metadata: { ...source.metadata, "split.no": u16(3 - index) } },
    ),
    doubled: writeSplit("doubled", (source, index) =>
      index === 2 ? { ...source, tensors: [f32Tensor("a0", [2]), f32Tensor("b0", [2])] } : source,
    ),
    short: writeSplit("short", (source, index) =>
      index === 2 ? { ...source, tensors: [f32Tensor("a2", [2])] } : source,
    ),
    foreign: writeSplit("foreign", (source, index) =>
      index === 1 ? { tensors: source.tensors ?? [] } : source,
    ),
  };
  const renamed = writeGguf(join(scratch, "renamed.gguf"), {
    metadata: { "split.no": u16(0), "split.count": u16(3) },
  });
  const errors: string[] = [];
  for (const [name, [path]] of [...Object.entries(spoilt), ["renamed", [renamed]] as const]) {
    errors.push(`${name}: ${await errorOf(openGguf(path ?? ""))}`);
  }
  expect(errors.join("\n").replaceAll(scratch, "")).toMatchInlineSnapshot(`
    "missing: file-unreadable: file 2 of the 3 of a split model: /missing/model-00002-of-00003.gguf: there is no such file
    swapped: bad-gguf: model-00002-of-00003.gguf: named file 2 of 3, but its header says 3 of 3
    doubled: bad-gguf: model-00003-of-00003.gguf: tensor "a0" is in an earlier file of the split model as well
    short: bad-gguf: model-00001-of-00003.gguf: the split model should have 6 tensors, but its files hold 5
    foreign: bad-gguf: model-00002-of-00003.gguf: named file 2 of 3, but its header says 1 of 1
    renamed: bad-gguf: renamed.gguf: one of 3 files of a split model, but its name does not end in "-of-00003.gguf"; the files must keep their names to find each other"
  `);
});

test("a split of one file is a plain file, whatever its name", async () => {
  const metadata = { "split.no": u16(0), "split.count": u16(1) };
  await using file = await openGguf(writeGguf(join(scratch, "only.gguf"), { metadata }));
  expect(file.tensors.size).toBe(0);
});
