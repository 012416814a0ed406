/**
 * Models split over files, as `llama-gguf-split` names them: `name-00001-of-00003.gguf`. All lie in
 * one folder, and each says its number and their count.
 *
 * Source: llama.cpp `llama_split_path` and `tools/gguf-split`.
 */
import { basename, dirname, join } from "node:path";
import { parseGgufShardFilename } from "@huggingface/gguf";
import { BadGgufError } from "../support/errors.ts";
import type { Metadata } from "./metadata.ts";
import type { Shard } from "./shard.ts";

/** How many files the model has, by the metadata of any of them. */
export function splitCount(metadata: Metadata): number {
  return Math.max(1, metadata.count("split.count", 1));
}

/** The paths of all files of a split model, in order, given the path of any one. */
export function splitPaths(path: string, count: number): readonly string[] {
  const name = parseGgufShardFilename(basename(path));
  if (name === null || Number(name.total) !== count) {
    throw new BadGgufError(
      basename(path),
      `one of ${count} files of a split model, but its name does not end in ` +
        `"-of-${fiveDigits(count)}.gguf"; the files must keep their names to find each other`,
    );
  }
  return Array.from({ length: count }, (_, index) =>
    join(dirname(path), `${name.prefix}-${fiveDigits(index + 1)}-of-${name.total}.gguf`),
  );
}

/** Checks that the files belong together and are complete. Throws `BadGgufError`. */
export function checkSplit(shards: readonly Shard[]): void {
  for (const [index, { file, number, metadata }] of shards.entries()) {
    const count = splitCount(metadata);
    if (number !== index || count !== shards.length) {
      throw new BadGgufError(
        file.name,
        `named file ${index + 1} of ${shards.length}, but its header says ${number + 1} of ${count}`,
      );
    }
  }
  const found = shards.reduce((sum, { tensors }) => sum + tensors.length, 0);
  const [first] = shards;
  const promised = first?.metadata.count("split.tensors.count", found);
  if (first !== undefined && promised !== found) {
    throw new BadGgufError(
      first.file.name,
      `the split model should have ${promised} tensors, but its files hold ${found}`,
    );
  }
}

function fiveDigits(value: number): string {
  return String(value).padStart(5, "0");
}
