/** Lines to messages: a line is one, unless it says that it goes on. */

export interface ChatInputMessage {
  readonly text: string;
  /** From a block, so not a command whatever it begins with. */
  readonly isBlock: boolean;
}

const fence = '"""';

/**
 * Puts messages together. A line that ends in a backslash goes on in the next one; so does what
 * begins with `"""`, until a line ends with that.
 */
export class MessageAssembler {
  #lines: string[] = [];
  #isBlock = false;

  /** Whether a message has begun. */
  get hasBegun(): boolean {
    return this.#isBlock || this.#lines.length > 0;
  }

  /** Takes a line, which may hold several when it was pasted. @returns the message it completes */
  push(line: string): ChatInputMessage | undefined {
    if (!this.hasBegun && line.startsWith(fence)) {
      this.#isBlock = true;
      const rest = line.slice(fence.length);
      return rest === "" ? undefined : this.#pushToBlock(rest);
    }
    if (this.#isBlock) return this.#pushToBlock(line);
    const goesOn = line.endsWith("\\");
    this.#lines.push(goesOn ? line.slice(0, -1) : line);
    return goesOn ? undefined : this.end();
  }

  /** What has been given of a message that was not completed; `undefined` if none has begun. */
  end(): ChatInputMessage | undefined {
    if (!this.hasBegun) return undefined;
    const message = { text: this.#lines.join("\n"), isBlock: this.#isBlock };
    this.drop();
    return message;
  }

  /** Forgets a message that has begun. */
  drop(): void {
    this.#lines = [];
    this.#isBlock = false;
  }

  #pushToBlock(line: string): ChatInputMessage | undefined {
    if (!line.endsWith(fence)) {
      this.#lines.push(line);
      return undefined;
    }
    const last = line.slice(0, -fence.length);
    if (last !== "") this.#lines.push(last);
    return this.end();
  }
}
