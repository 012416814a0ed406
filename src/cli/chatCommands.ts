/** What a line that begins with a slash does in a chat. */
import { resolve } from "node:path";
import type { Conversation } from "../generation/conversation.ts";
import { OptionError } from "../support/errors.ts";
import { AtomicFile } from "./atomicFile.ts";
import { tableLines } from "./table.ts";
import { readText } from "./textInput.ts";

export interface ChatContext {
  readonly conversation: Conversation;
  /** Lines for /stats. */
  readonly statistics: () => readonly string[];
}

interface ChatCommand {
  readonly name: string;
  /** What it takes, as help shows it. */
  readonly argument?: string;
  readonly help: string;
  /** @returns lines to show, or "quit" */
  readonly run: (argument: string, context: ChatContext) => Outcome | Promise<Outcome>;
}

type Outcome = readonly string[] | "quit";

const commands: readonly ChatCommand[] = [
  {
    name: "/help",
    help: "this list",
    run: () => helpLines(),
  },
  {
    name: "/reset",
    help: "forget everything but the system prompt",
    run: (_, { conversation }) => {
      conversation.reset();
      return ["a new conversation"];
    },
  },
  {
    name: "/undo",
    help: "forget the last question and its answer",
    run: (_, { conversation }) => {
      const question = conversation.undo();
      return [question === undefined ? "there is nothing to undo" : `forgotten: ${question}`];
    },
  },
  {
    name: "/stats",
    help: "tokens, speed and memory so far",
    run: (_, { statistics }) => statistics(),
  },
  {
    name: "/system",
    argument: "TEXT",
    help: 'change the system prompt; "" removes it, no TEXT shows it',
    run: (text, { conversation }) => {
      if (text !== "") conversation.system = text === '""' ? undefined : text;
      const { system } = conversation;
      return [system === undefined ? "no system prompt" : `system prompt: ${system}`];
    },
  },
  {
    name: "/save",
    argument: "FILE",
    help: "write the conversation as JSON",
    run: async (file, { conversation }) => {
      await using target = await AtomicFile.create(named(file, "/save"));
      await target.write(conversation.save());
      await target.finish();
      return [`saved ${countText(conversation)} to ${file}`];
    },
  },
  {
    name: "/load",
    argument: "FILE",
    help: "go on with a saved conversation instead",
    run: async (file, { conversation }) => {
      // Resolved, "-" is a file too: stdin is where these lines come from.
      const text = await readText({ file: resolve(named(file, "/load")) });
      conversation.load(text ?? "");
      return [`loaded ${countText(conversation)} from ${file}`];
    },
  },
  {
    name: "/quit",
    help: "end the chat, as Ctrl-D does",
    run: () => "quit",
  },
];

export const chatCommandNames: readonly string[] = commands.map(({ name }) => name);

/**
 * Runs a command line such as "/save talk.json".
 *
 * @returns lines to show, or "quit"
 * @throws OptionError for a command that there is not, or without what it needs; SluiceError as
 *   files and conversations do
 */
export async function runChatCommand(line: string, context: ChatContext): Promise<Outcome> {
  const [, name = "", argument = ""] = /^(\S+)\s*([\s\S]*?)\s*$/.exec(line) ?? [];
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new OptionError(`there is no ${name}; /help lists the commands`);
  if (command.argument === undefined && argument !== "")
    throw new OptionError(`${name} takes nothing after it`);
  return command.run(argument, context);
}

function helpLines(): readonly string[] {
  const rows = commands.map(({ name, argument = "", help }) => [`${name} ${argument}`, help]);
  return [
    ...tableLines(rows),
    "",
    'A line that ends in \\ goes on in the next. A message between """ and """ may have',
    "any lines, and is never a command. Ctrl-C stops an answer and keeps what there is of it.",
  ];
}

function named(file: string, command: string): string {
  if (file !== "") return file;
  throw new OptionError(`${command} needs the name of a file`);
}

function countText({ messages }: Conversation): string {
  return `${messages.length} ${messages.length === 1 ? "message" : "messages"}`;
}
