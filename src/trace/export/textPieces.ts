/** Lines joined to pieces of some size: writing each by itself would cost more than making it. */
const PIECE_CHARACTERS = 64 * 1024;

export class TextPieces {
  #text = "";

  add(line: string): void {
    this.#text += `${line}\n`;
  }

  get isFull(): boolean {
    return this.#text.length >= PIECE_CHARACTERS;
  }

  /** What was added since the last call. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }
}
