/** `sluice chat`: a conversation at the terminal, or with a program that writes line after line. */
import type { Command } from "commander";
import { type AskOptions, Conversation, conversationDefaults } from "../generation/conversation.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import { OptionError } from "../support/errors.ts";
import { chatCommandNames } from "./chatCommands.ts";
import { type ChatInput, createChatInput } from "./chatInput.ts";
import { ChatInterruption } from "./chatInterruption.ts";
import { ChatSession } from "./chatSession.ts";
import { addEngineOptions, type EngineFlags } from "./engineOptions.ts";
import { addSwitch } from "./environment.ts";
import { wholeNumber } from "./numberArguments.ts";
import { addRecordOptions, type RecordFlags } from "./recording.ts";
import { addSamplingOptions, generateOptionsOf, type SamplingFlags } from "./samplingOptions.ts";
import { aside, note, printable } from "./terminal.ts";
import { readText } from "./textInput.ts";
import { type OpenedModel, withModel } from "./withModel.ts";

interface ChatFlags extends EngineFlags, SamplingFlags, RecordFlags {
  readonly system?: string;
  readonly systemFile?: string;
  readonly shift: boolean;
  readonly stats?: boolean;
  readonly maxTokens?: number;
}

export function addChatCommand(program: Command): void {
  const command = program
    .command("chat")
    .summary("talk with a model")
    .description(
      "Talks with a model in its own chat template. What was said stays computed: each question " +
        "costs only what is new. Without MODEL, the model that comes with sluice talks.",
    )
    .argument("[model]", "a GGUF file; any one of a split model")
    .optionsGroup("Conversation:")
    .option("--system <text>", "what the model is told before all questions")
    .option("--system-file <file>", "read that from a UTF-8 file")
    .option(
      "--shift",
      "when the context is full, drop the oldest turns after the system prompt",
      conversationDefaults.shift,
    )
    .option(
      "-n, --max-tokens <count>",
      "stop an answer after so many tokens (default: when the context is full)",
      wholeNumber({ least: 1 }),
    )
    .optionsGroup("Report:");
  addSwitch(command, {
    flags: "--stats",
    help: "a line on each answer also when stderr is no terminal",
    variable: "SLUICE_STATS",
  });
  addSamplingOptions(command);
  addEngineOptions(command);
  addRecordOptions(command);
  command
    .addHelpText(
      "after",
      `
Type /help for what else can be typed. A line that ends in a backslash goes on
in the next one; """ begins and ends a message of several lines. Ctrl-C stops an
answer and keeps what there is of it; at the prompt, Ctrl-D or a second Ctrl-C
ends the chat. A question that does not fit into the context is refused; with
--shift, once less than a quarter of the context is free, the oldest turns are
dropped until half of it is. Answer N has the seed --seed + N - 1.

If stdin is no terminal, each line is a message, only answers go to stdout, and
the first failure ends the chat.

Examples:
  $ sluice chat
  $ sluice chat olmoe.gguf --system "Answer in one sentence."
  $ printf 'Who are you?\\nTell me a story.\\n' | sluice chat --seed 1`,
    )
    .action(chat);
}

async function chat(path: string | undefined, flags: ChatFlags): Promise<void> {
  const system = await systemPrompt(flags);
  const sampling = await generateOptionsOf(flags);
  await withModel({ path, flags }, (opened) => talk(opened, { ...flags, system, sampling }));
}

interface Talk extends Pick<ChatFlags, "shift" | "maxTokens" | "stats"> {
  readonly system: string | undefined;
  readonly sampling: AskOptions;
}

async function talk(
  { model, watch }: OpenedModel,
  { system, sampling, shift, maxTokens, stats }: Talk,
): Promise<void> {
  using conversation = new Conversation(
    model,
    system === undefined ? { shift } : { shift, system },
  );
  const input = createChatInput(chatCommandNames);
  greet(model, input);
  using interruption = new ChatInterruption();
  const session = new ChatSession({
    ...{ model, watch, conversation },
    input,
    interruption,
    askOptions: seededAnew({
      ...endOfTurn(model),
      ...sampling,
      maxTokens: maxTokens ?? model.contextLength,
    }),
    showStatistics: stats ?? process.stderr.isTTY,
  });
  await session.run();
}

async function systemPrompt({ system, systemFile }: ChatFlags): Promise<string | undefined> {
  if (system !== undefined && systemFile !== undefined) {
    throw new OptionError("--system and --system-file cannot be used together");
  }
  if (systemFile === undefined) return system;
  if (systemFile === "-")
    throw new OptionError("--system-file - is not possible: stdin has the questions");
  return (await readText({ file: systemFile }))?.replace(/\r?\n$/, "");
}

function greet(model: LanguageModel, { isTerminal }: ChatInput): void {
  if (model.chatTemplate.source === "plain") {
    note(`sluice: ${printable(model.name)} has no chat template; it may not know how to answer`);
  }
  if (!isTerminal) return;
  aside(`${printable(model.name)}, a context of ${model.contextLength} tokens; /help helps`);
}

/** A model without a template of its own knows no token for the end of a turn. */
function endOfTurn(model: LanguageModel): AskOptions {
  return model.chatTemplate.source === "plain" ? { stop: "\nUser:" } : {};
}

/** The same options for each answer, but not the same seed: all would draw the same numbers. */
function seededAnew(options: AskOptions): () => AskOptions {
  const { seed } = options;
  let answers = 0;
  return () => (seed === undefined ? options : { ...options, seed: (seed + answers++) % 2 ** 32 });
}
