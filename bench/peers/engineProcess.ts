/** The bench's end of the talk: an engine in a process of its own, told to run a pass at a time. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { PassReport, PassRequest } from "./pass.ts";

export interface EngineCommand {
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
}

/** An engine that does not end by itself after so long is ended. */
const endMs = 20_000;

export class EngineProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<number | null>;
  #complaints = "";

  constructor({ name, command: [program, ...words], environment = {} }: EngineCommand) {
    this.name = name;
    const env = { ...process.env, ...environment };
    this.#child = spawn(program, words, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on("data", (bytes) => {
      this.#complaints = (this.#complaints + String(bytes)).slice(-4000);
    });
    // Writing to a process that has died is told by its missing answer.
    this.#child.stdin.on("error", () => {});
    this.#ended = new Promise((resolve) => {
      this.#child.on("error", (error) => {
        this.#complaints += error.message;
        resolve(null);
      });
      this.#child.on("close", resolve);
    });
  }

  /**
   * Runs one pass; may be called before the engine has loaded.
   *
   * @throws Error with the end of what the engine had to say, if it died
   */
  async pass({ seed, promptTokens, generatedTokens }: PassRequest): Promise<PassReport> {
    this.#child.stdin.write(`${seed} ${promptTokens} ${generatedTokens}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) {
        const status = await this.#ended;
        throw new Error(`${this.name} ended with ${status}: ${this.#complaints}`);
      }
      // Libraries may print things of their own.
      if (value.startsWith("{")) return JSON.parse(value) as PassReport;
    }
  }

  /** Ends its input, and with that the engine. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    const tooLong = setTimeout(() => this.#child.kill("SIGKILL"), endMs);
    await this.#ended;
    clearTimeout(tooLong);
  }
}
