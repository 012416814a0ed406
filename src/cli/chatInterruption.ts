/** Ctrl-C while a chat lasts: it stops one thing at a time, and never the program by surprise. */

/** Listens until disposed of. What the terminal reads as keys while a line is edited is no signal. */
export class ChatInterruption implements Disposable {
  #controller = new AbortController();
  readonly #abort = () => this.#controller.abort();

  constructor() {
    process.on("SIGINT", this.#abort);
  }

  /** Aborted by the next Ctrl-C, or by one since the last renewal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A Ctrl-C before this has done its work, or came too late for it. */
  renew(): AbortSignal {
    if (this.signal.aborted) this.#controller = new AbortController();
    return this.signal;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#abort);
  }
}
