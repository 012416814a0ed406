/**
 * Ends a text where it spells one of several strings, although it comes in pieces that are cut
 * anywhere.
 *
 * What comes out is the text up to the first place where a stop string begins, however the pieces
 * were cut: a piece that may be the beginning of one is held back until that is known. (So a stop
 * string inside the beginning of a longer one waits as well, for that would begin earlier.)
 */
import { OptionError } from "../support/errors.ts";

export class StopStrings {
  readonly #stops: readonly string[];
  /** The longest text that may be a beginning and no more. */
  readonly #longestBeginning: number;
  #held = "";
  #hasStopped = false;

  /** @throws OptionError for an empty string, which would stop everything at once */
  constructor(stop: string | readonly string[] = []) {
    const stops: readonly unknown[] = typeof stop === "string" ? [stop] : stop;
    if (!Array.isArray(stops) || !stops.every((one) => typeof one === "string" && one !== "")) {
      throw new OptionError(
        `stop is ${JSON.stringify(stop)}; it may be a text that is not empty, or a list of them`,
      );
    }
    this.#stops = stops as string[];
    this.#longestBeginning = Math.max(0, ...this.#stops.map(({ length }) => length - 1));
  }

  /** Whether a stop string was found: the text is over. */
  get hasStopped(): boolean {
    return this.#hasStopped;
  }

  /** Takes a piece and returns what is certain to come before any stop string. */
  push(piece: string): string {
    if (this.#hasStopped) return "";
    this.#held += piece;
    const stop = this.#firstStop();
    const beginning = this.#firstBeginning();
    if (stop < beginning) return this.#stopAt(stop);
    const certain = this.#held.slice(0, beginning);
    this.#held = this.#held.slice(beginning);
    return certain;
  }

  /** Returns what was held back if no more pieces come. */
  end(): string {
    if (this.#hasStopped) return "";
    const stop = this.#firstStop();
    if (stop < Infinity) return this.#stopAt(stop);
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  #stopAt(position: number): string {
    const before = this.#held.slice(0, position);
    this.#hasStopped = true;
    this.#held = "";
    return before;
  }

  /** Where the first stop string begins; Infinity if there is none. */
  #firstStop(): number {
    const positions = this.#stops.map((stop) => this.#held.indexOf(stop));
    return Math.min(Infinity, ...positions.filter((position) => position >= 0));
  }

  /** Where the first one may have begun whose end is still to come; Infinity if none may. */
  #firstBeginning(): number {
    const { length } = this.#held;
    for (let i = Math.max(0, length - this.#longestBeginning); i < length; i++) {
      const tail = this.#held.slice(i);
      if (this.#stops.some((stop) => stop.length > tail.length && stop.startsWith(tail))) return i;
    }
    return Infinity;
  }
}
