/** Where a chat's lines come from: a person at a terminal, or a file or program. */
import { createInterface, type Interface } from "node:readline";
import { SluiceError } from "../support/errors.ts";
import { systemReason } from "../support/systemReason.ts";

/** A line; or Ctrl-C, which gives up what was typed; or the end, as of Ctrl-D. */
type InputLine =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "interrupted" }
  | { readonly kind: "end" };

export interface ChatInput {
  readonly isTerminal: boolean;
  /**
   * @param prompt shown on a terminal only
   * @param signal ends the waiting where Ctrl-C is a signal, not a key
   */
  next(prompt: string, signal: AbortSignal): Promise<InputLine>;
}

/** @param words what the Tab key completes at the beginning of a line */
export function createChatInput(words: readonly string[]): ChatInput {
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
  return isTerminal ? new TerminalInput(words) : new PipedInput();
}

/** Terminals that know it mark pasted text, so that its line ends are told from the Enter key. */
const bracketedPaste = { on: "\x1b[?2004h", off: "\x1b[?2004l" };

/**
 * Lines edited on the terminal, with a history. Between two lines the terminal is as any program
 * leaves it: then Ctrl-C is a signal again, and what is typed ahead waits for the next line.
 */
class TerminalInput implements ChatInput {
  readonly isTerminal = true;
  readonly #words: readonly string[];
  #history: string[] = [];
  /** Whole lines typed ahead, and one begun. */
  #ahead: string[] = [];
  #begun = "";

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  async next(prompt: string): Promise<InputLine> {
    const typed = this.#ahead.shift();
    if (typed !== undefined) {
      process.stderr.write(`${prompt}${typed}\n`);
      return { kind: "line", text: typed };
    }
    const { stdin: input, stderr: output } = process;
    const reader = createInterface({
      input,
      output,
      prompt,
      history: this.#history,
      historySize: 1000,
      removeHistoryDuplicates: true,
      completer: (line: string) => [this.#words.filter((word) => word.startsWith(line)), line],
    });
    reader.on("history", (history) => {
      this.#history = [...history];
    });
    const arrived = collectLines(reader, input);
    output.write(bracketedPaste.on);
    const outcome = new Promise<InputLine["kind"]>((resolve) => {
      reader.on("line", () => {
        // Several lines may come at once: the first ends the waiting after all have been seen.
        if (arrived.length > 0) setImmediate(resolve, "line");
      });
      reader.once("SIGINT", () => resolve("interrupted"));
      reader.once("close", () => resolve("end"));
    });
    reader.prompt();
    reader.write(this.#begun);
    const kind = await outcome;
    output.write(bracketedPaste.off);
    this.#begun = kind === "line" ? reader.line : "";
    reader.close();
    if (kind !== "line") {
      output.write(kind === "interrupted" ? "^C\n" : "\n");
      return { kind };
    }
    const [text = "", ...ahead] = arrived;
    this.#ahead = ahead;
    return { kind, text };
  }
}

/** Collects lines as they arrive; what was pasted is one line with what is typed after it. */
function collectLines(reader: Interface, input: NodeJS.ReadableStream): readonly string[] {
  const arrived: string[] = [];
  const pasted: string[] = [];
  let pasting = false;
  const watchPaste = (_: unknown, key: { readonly name?: string }) => {
    if (key.name === "paste-start") pasting = true;
    if (key.name === "paste-end") pasting = false;
  };
  input.on("keypress", watchPaste);
  reader.once("close", () => input.off("keypress", watchPaste));
  reader.on("line", (line) => {
    if (pasting) pasted.push(line);
    else arrived.push([...pasted.splice(0), line].join("\n").trimEnd());
  });
  return arrived;
}

/** Lines of UTF-8 text from a pipe or a file. */
class PipedInput implements ChatInput {
  readonly isTerminal = false;
  readonly #lines = linesOf(process.stdin);

  /** @throws SluiceError `aborted`, `file-unreadable` where the bytes are no UTF-8 */
  async next(_: string, signal: AbortSignal): Promise<InputLine> {
    const stop = () => process.stdin.destroy();
    signal.addEventListener("abort", stop);
    try {
      signal.throwIfAborted();
      const { value, done } = await this.#lines.next();
      signal.throwIfAborted();
      return done ? { kind: "end" } : { kind: "line", text: value };
    } catch (cause) {
      if (signal.aborted) throw new SluiceError("aborted", "reading was cancelled", { cause });
      const reason = cause instanceof TypeError ? "it is not UTF-8 text" : systemReason(cause);
      throw new SluiceError("file-unreadable", `cannot read stdin: ${reason}`, { cause });
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(Buffer.from(chunk), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
