/**
 * A conversation with a model: questions and answers in the model's own chat form, on one sequence
 * whose keys and values stay, so that each question costs the computing of what is new.
 *
 * The history is rendered and tokenised anew for each question; what its tokens and those of the
 * sequence begin with is reused. Where a template rewrites the past (many drop old thoughts), or an
 * answer's text has a shorter spelling in tokens than the model chose, that beginning ends there:
 * always right, at worst slower.
 */
import { SluiceError } from "../support/errors.ts";
import type { ChatMessage } from "../text/chatTemplate.ts";
import { fitConversation } from "./conversationWindow.ts";
import type { GenerateOptions, Generation, GenerationStatistics } from "./generation.ts";
import type { LanguageModel } from "./languageModel.ts";
import { readConversation, writeConversation } from "./savedConversation.ts";
import type { Sequence } from "./sequence.ts";

export interface ConversationOptions {
  /** What the model is told before all questions. @default nothing */
  readonly system?: string;
  /**
   * What happens when the context is full: false refuses the question, true drops the oldest turns
   * after the system prompt, for good. @default false
   */
  readonly shift?: boolean;
}

export const conversationDefaults: { readonly shift: boolean } = { shift: false };

export type AskOptions = Omit<GenerateOptions, "sequence">;

export interface AnswerStatistics extends GenerationStatistics {
  /** Old messages that had to go to make room. */
  readonly droppedMessages: number;
}

/** Dispose of it to give its keys and values back. */
export class Conversation implements Disposable {
  readonly #model: LanguageModel;
  readonly #sequence: Sequence;
  readonly #shift: boolean;
  /** Replaced, never changed: answers tell by it whether they still fit. */
  #messages: readonly ChatMessage[];
  #answering = false;

  constructor(model: LanguageModel, { system, shift }: ConversationOptions = {}) {
    this.#model = model;
    this.#shift = shift ?? conversationDefaults.shift;
    this.#messages = system === undefined ? [] : [systemMessage(system)];
    this.#sequence = model.createSequence();
  }

  /** The system prompt, if there is one, then questions and answers in turn. */
  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** Tokens whose keys and values are at hand. */
  get cachedTokens(): number {
    return this.#sequence.length;
  }

  get system(): string | undefined {
    const [first] = this.#messages;
    return first?.role === "system" ? first.content : undefined;
  }

  /** Changes what the model is told before all questions, or takes it away. The turns stay. */
  set system(text: string | undefined) {
    this.#refuseWhileAnswering();
    const system = text === undefined ? [] : [systemMessage(text)];
    this.#messages = [...system, ...turnsOf(this.#messages)];
  }

  /**
   * Asks the next question: iterate over the result for pieces of the answer as they come.
   *
   * The question and its answer join the conversation when the iteration ends, in whatever way: an
   * answer that was cancelled, left or failed is kept as far as it came. If nothing of it came, the
   * question is dropped too, and the conversation is as before.
   *
   * @throws SluiceError `context-full`, `unsupported-template` when the template rejects the
   *   messages, `busy` while another answer is under way; OptionError for options out of range;
   *   while iterating, as `Generation` says
   */
  ask(text: string, options: AskOptions = {}): Answer {
    this.#refuseWhileAnswering();
    const { tokenizer, chatTemplate } = this.#model;
    const before = this.#messages;
    const asked = [...before, { role: "user", content: text }];
    const messages = fitConversation(asked, {
      capacity: this.#sequence.capacity,
      shift: this.#shift,
      countTokens: (some) => tokenizer.encode(chatTemplate.render(some)).length,
    });
    const prompt = chatTemplate.render(messages);
    const generation = this.#model.generate(tokenizer.encode(prompt), {
      ...options,
      sequence: this.#sequence,
    });
    return new Answer({
      prompt,
      generation,
      droppedMessages: asked.length - messages.length,
      begin: () => {
        this.#refuseWhileAnswering();
        if (this.#messages !== before) {
          throw new SluiceError("busy", "the conversation went on since this question was asked");
        }
        this.#answering = true;
      },
      end: (answer) => {
        this.#answering = false;
        if (answer === undefined) return;
        this.#messages = [...messages, { role: "assistant", content: answer }];
      },
    });
  }

  /** Forgets the last question and its answer. @returns the question; `undefined` if there is none */
  undo(): string | undefined {
    this.#refuseWhileAnswering();
    const turn = turnsOf(this.#messages).slice(-2);
    this.#messages = this.#messages.slice(0, this.#messages.length - turn.length);
    return turn[0]?.content;
  }

  /** Forgets everything but the system prompt. */
  reset(): void {
    this.#refuseWhileAnswering();
    this.#messages = this.#messages.slice(
      0,
      this.#messages.length - turnsOf(this.#messages).length,
    );
  }

  /** The messages as JSON text. */
  save(): string {
    return writeConversation(this.#messages);
  }

  /**
   * Goes on with a saved conversation in place of this one, its system prompt included.
   *
   * @throws BadConversationError; the conversation is then as before
   */
  load(text: string): void {
    this.#refuseWhileAnswering();
    this.#messages = readConversation(text);
  }

  [Symbol.dispose](): void {
    this.#sequence[Symbol.dispose]();
  }

  #refuseWhileAnswering(): void {
    if (!this.#answering) return;
    throw new SluiceError("busy", "an answer is under way in this conversation");
  }
}

interface AnswerParts {
  readonly prompt: string;
  readonly generation: Generation;
  readonly droppedMessages: number;
  readonly begin: () => void;
  /** Takes what there is of the answer, `undefined` if it never began. */
  readonly end: (answer: string | undefined) => void;
}

/** An answer under way. Iterate over it once; all else is right at any moment. */
export class Answer implements AsyncIterable<string> {
  readonly #parts: AnswerParts;
  #text = "";

  /** Use `Conversation.ask`. */
  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** The conversation as the model sees it, up to where the answer begins. */
  get prompt(): string {
    return this.#parts.prompt;
  }

  /** The answer so far. */
  get text(): string {
    return this.#text;
  }

  get tokens(): readonly number[] {
    return this.#parts.generation.tokens;
  }

  get statistics(): AnswerStatistics {
    const { generation, droppedMessages } = this.#parts;
    return { ...generation.statistics, droppedMessages };
  }

  /** Pieces of text, as of a `Generation`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    const { generation, begin, end } = this.#parts;
    begin();
    try {
      for await (const piece of generation) {
        this.#text += piece;
        yield piece;
      }
    } finally {
      const ended = generation.statistics.finishReason !== undefined;
      end(ended || this.#text !== "" ? this.#text : undefined);
    }
  }
}

function systemMessage(content: string): ChatMessage {
  return { role: "system", content };
}

function turnsOf(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  return messages.slice(messages[0]?.role === "system" ? 1 : 0);
}
