/** The options of every command that reads a trace record by record. */
import type { Command } from "commander";
import type { TraceSource, TraceSourceOptions } from "../../trace/index.ts";
import { wholeNumber } from "../numberArguments.ts";
import { aside, printable } from "../terminal.ts";

export interface SourceFlags {
  readonly salvage?: true;
  readonly experts?: number;
  readonly promptTokens?: number;
}

export function addSourceOptions(command: Command): Command {
  return command
    .option("--salvage", "of a damaged file, take the records before the damage")
    .option(
      "--experts <n>",
      "of a .npy file: experts of a layer (default: from the highest)",
      wholeNumber({ least: 1, most: 2 ** 16 }),
    )
    .option(
      "--prompt-tokens <n>",
      "of a .npy file: how many of its first tokens are the prompt (default: 0)",
      wholeNumber(),
    );
}

export function sourceOptionsOf(flags: SourceFlags): TraceSourceOptions {
  const { salvage, experts, promptTokens } = flags;
  return {
    ...(salvage && { salvage }),
    ...(experts !== undefined && { experts }),
    ...(promptTokens !== undefined && { promptTokens }),
  };
}

/** Says what was assumed in reading, or was missing; to be called after the last record. */
export function sayRemarks({ path, remarks }: TraceSource): void {
  for (const remark of remarks) aside(printable(`${path}: ${remark}`));
}
