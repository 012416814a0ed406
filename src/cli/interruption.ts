/** Ctrl-C: the first asks for an orderly end, the second ends at once. */

/** Listens until disposed of. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #abort = () => this.#controller.abort();

  constructor() {
    // Once: without a listener the next signal does what it does by default.
    process.once("SIGINT", this.#abort);
  }

  /** Aborted once the user has asked. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#abort);
  }
}
