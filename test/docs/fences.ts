/** Code blocks of a Markdown file. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Fence {
  readonly language: string;
  readonly code: string;
  /** Line in the file, from 1. */
  readonly line: number;
}

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

export function fencesOf(file: string): Fence[] {
  const text = readFileSync(`${root}/${file}`, "utf8");
  return Array.from(text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm), (match) => ({
    language: match[1] ?? "",
    code: match[2] ?? "",
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/** The commands of a `console` block, each with the output shown under it. */
export function commandsOf(fence: Fence): { command: string; output: string[] }[] {
  return fence.code
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = "", ...output] = part.trimEnd().split("\n");
      return { command, output };
    });
}
