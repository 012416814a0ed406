/** The loop of a chat: a message, its answer, and what went wrong, until somebody ends it. */
import type { Answer, AskOptions, Conversation } from "../generation/conversation.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import { SluiceError } from "../support/errors.ts";
import { runChatCommand } from "./chatCommands.ts";
import type { ChatInput } from "./chatInput.ts";
import type { ChatInterruption } from "./chatInterruption.ts";
import { type ChatInputMessage, MessageAssembler } from "./chatMessage.ts";
import { ChatStatistics } from "./chatStatistics.ts";
import { type Segment, ThoughtSplitter } from "./chatThoughts.ts";
import type { ExpertWatch } from "./expertWatch.ts";
import { aside, note, printable, writeModelText, writeResult } from "./terminal.ts";

const prompts = { message: "> ", goingOn: "… " } as const;

export interface ChatSessionParts {
  readonly model: LanguageModel;
  readonly watch: ExpertWatch;
  readonly conversation: Conversation;
  readonly input: ChatInput;
  readonly interruption: ChatInterruption;
  /** Options of the next answer. */
  readonly askOptions: () => AskOptions;
  /** Whether each answer is followed by a line about it. */
  readonly showStatistics: boolean;
}

export class ChatSession {
  readonly #parts: ChatSessionParts;
  readonly #statistics: ChatStatistics;

  constructor(parts: ChatSessionParts) {
    this.#parts = parts;
    this.#statistics = new ChatStatistics(parts);
  }

  /**
   * Runs to the end of the input, /quit, or Ctrl-C twice in a row.
   *
   * What goes wrong is said, and the chat goes on; but a program that feeds it lines is better
   * served by an end.
   *
   * @throws SluiceError if the input is no terminal
   */
  async run(): Promise<void> {
    for (;;) {
      const message = await this.#nextMessage();
      if (message === undefined) return;
      try {
        if ((await this.#respond(message)) === "quit") return;
      } catch (error) {
        if (!(error instanceof SluiceError) || !this.#parts.input.isTerminal) throw error;
        note(`sluice: ${printable(error.message)}`);
      }
    }
  }

  /** The next message that is not empty; `undefined` at the end. */
  async #nextMessage(): Promise<ChatInputMessage | undefined> {
    const { input, interruption } = this.#parts;
    const assembler = new MessageAssembler();
    let interruptions = 0;
    for (;;) {
      const prompt = assembler.hasBegun ? prompts.goingOn : prompts.message;
      const line = await input.next(prompt, interruption.signal);
      if (line.kind === "interrupted") {
        assembler.drop();
        if (++interruptions === 2) return undefined;
        note("Ctrl-C again or Ctrl-D ends the chat");
        continue;
      }
      interruptions = 0;
      const message = line.kind === "end" ? assembler.end() : assembler.push(line.text);
      if (message !== undefined && message.text.trim() !== "") return message;
      if (line.kind === "end") return undefined;
    }
  }

  async #respond({ text, isBlock }: ChatInputMessage): Promise<"quit" | undefined> {
    if (isBlock || !text.startsWith("/")) {
      await this.#answer(text);
      return undefined;
    }
    const outcome = await runChatCommand(text, {
      conversation: this.#parts.conversation,
      statistics: () => this.#statistics.lines(),
    });
    if (outcome === "quit") return outcome;
    for (const line of outcome) note(printable(line));
    return undefined;
  }

  async #answer(question: string): Promise<void> {
    const { conversation, input, interruption, askOptions, showStatistics } = this.#parts;
    const signal = interruption.renew();
    const answer = conversation.ask(question, { ...askOptions(), signal });
    try {
      await print(answer);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== "aborted") throw error;
      if (answer.text === "") note("stopped; the question is forgotten");
    } finally {
      interruption.renew();
      this.#statistics.add(answer.statistics);
    }
    if (showStatistics) aside(this.#statistics.answerLine(answer.statistics));
    if (input.isTerminal) note("");
  }
}

/** Prints an answer as it comes, its thoughts dimmed where a terminal can; ends with a line end. */
async function print(answer: Answer): Promise<void> {
  const thoughts = new ThoughtSplitter(answer.prompt);
  const write = async (segments: readonly Segment[]) => {
    for (const { text, isThought } of segments)
      await writeModelText(text, isThought ? "dim" : undefined);
  };
  try {
    for await (const piece of answer) await write(thoughts.push(piece));
  } finally {
    await write(thoughts.end());
    // Of an answer that never began a reader of the results shall see nothing.
    const began = answer.text !== "" || answer.statistics.finishReason !== undefined;
    if (began && !answer.text.endsWith("\n")) await writeResult("\n");
  }
}
