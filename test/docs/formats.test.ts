import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { matvecKernels } from "../../src/compute/cpu/wasmKernels.ts";
import { formats } from "../../src/numerics/formats/index.ts";
import { root } from "./fences.ts";

test("the table of formats says what the code does", () => {
  const rows = readFileSync(`${root}/docs/formats.md`, "utf8")
    .split("\n")
    .filter((line) => /^\| [A-Z]+\d/.test(line) && line.split("|").length === 10)
    .map((line) =>
      line
        .split("|")
        .slice(1, 8)
        .map((cell) => cell.trim()),
    );
  const expected = Object.values(formats).map((format) => [
    format.name,
    String(format.ggmlType),
    String(format.blockElements),
    String(format.blockBytes),
    String((format.blockBytes * 8) / format.blockElements),
    format.activation,
    matvecKernels[format.name] === undefined ? "decoded" : "kernel",
  ]);
  expect(rows.toSorted()).toEqual(expected.toSorted());
});
