/** The command line as a whole: the commands, and what becomes of their errors. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { OptionError, SluiceError } from "../support/errors.ts";
import { addBenchCommand } from "./bench.ts";
import { addChatCommand } from "./chat.ts";
import { addDevicesCommand } from "./devices.ts";
import { addInspectCommand } from "./inspect.ts";
import { addLogitsCommand } from "./logits.ts";
import { addRunCommand } from "./run.ts";
import { note, printable, watchOutput } from "./terminal.ts";
import { addTokenizeCommand } from "./tokenize.ts";
import { addTraceCommand } from "./trace.ts";

/** What the process ends with. */
const exitCodes = { done: 0, failed: 1, badUsage: 2, interrupted: 130 } as const;

/** Runs one command line (without node and script) and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  watchOutput();
  const program = createProgram();
  let command = program.name();
  program.hook("preAction", (_, action) => {
    command = pathOf(action);
  });
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    return report(error, command);
  }
}

function createProgram(): Command {
  const program = new Command("sluice")
    .description("Runs Mixture-of-Experts language models (GGUF files).")
    .version(packageVersion(), "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "sluice: ")),
    })
    .addHelpText(
      "after",
      `
A command without MODEL uses the small model that comes with sluice.
Results go to stdout, all else to stderr.
Exit codes: ${exitCodes.done} done, ${exitCodes.failed} failed, ${exitCodes.badUsage} bad usage, ${exitCodes.interrupted} interrupted by Ctrl-C.

Examples:
  $ sluice run
  $ sluice run olmoe.gguf -p "Why is the sky blue?"
  $ sluice chat olmoe.gguf
  $ sluice inspect olmoe.gguf
  $ sluice run --help`,
    );
  addRunCommand(program);
  addChatCommand(program);
  addBenchCommand(program);
  addInspectCommand(program);
  addDevicesCommand(program);
  addTokenizeCommand(program);
  addLogitsCommand(program);
  addTraceCommand(program);
  addHelp(program);
  return program;
}

/** To all commands below as well. */
function addHelp(command: Command): void {
  command
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .showHelpAfterError(`See "${pathOf(command)} --help".`);
  for (const inner of command.commands) addHelp(inner);
}

/** As it is typed: "sluice trace info". */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function report(error: unknown, command: string): number {
  if (error instanceof CommanderError) {
    // It has printed its message already; help and version are no failures.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.badUsage;
  }
  if (!(error instanceof SluiceError)) {
    note(`sluice: unexpected error, please report it\n${stackOf(error)}`);
    return exitCodes.failed;
  }
  if (error.code === "aborted") {
    note("sluice: interrupted");
    return exitCodes.interrupted;
  }
  note(`sluice: ${printable(error.message)}`);
  if (!(error instanceof OptionError)) return exitCodes.failed;
  note(`See "${command} --help".`);
  return exitCodes.badUsage;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The same relative path from src/cli and from dist/cli. */
function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
