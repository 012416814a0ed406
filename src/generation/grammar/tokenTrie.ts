/**
 * A vocabulary as a tree of bytes: tokens that begin alike share the path of their beginnings, so
 * that a beginning which cannot come next rules all of them out at once.
 *
 * The nodes lie in the order in which a walk meets them, each in front of those below it. Going on
 * means the next node, passing over a subtree means the node at its end: there are no pointers.
 */

export class TokenTrie {
  /** `[nodeCount]`: the last byte of the node's path. */
  readonly #bytes: Uint8Array;
  /** `[nodeCount]`: how many bytes are in front of that one. */
  readonly #depths: Uint32Array;
  /** `[nodeCount]`: the first node behind the subtree. */
  readonly #ends: Uint32Array;
  /** `[nodeCount]`: a token that is spelled by the path; -1 for none. */
  readonly #tokens: Int32Array;
  /** `[tokens]`: another token that is spelled the same; -1 for none. */
  readonly #twins: Int32Array;

  /** @param spellings by token; empty ones stay outside */
  constructor(spellings: readonly Uint8Array[]) {
    // One character per byte: strings sort many times faster than arrays.
    const sorted = spellings
      .map((bytes, token) => ({ token, text: Buffer.from(bytes).toString("latin1") }))
      .filter(({ text }) => text !== "")
      .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : b.token - a.token));

    const byteCount = sorted.reduce((sum, { text }) => sum + text.length, 0);
    this.#bytes = new Uint8Array(byteCount);
    this.#depths = new Uint32Array(byteCount);
    this.#ends = new Uint32Array(byteCount);
    this.#tokens = new Int32Array(byteCount).fill(-1);
    this.#twins = new Int32Array(spellings.length).fill(-1);

    const path: number[] = []; // the nodes of the latest text
    let nodeCount = 0;
    let before = "";
    for (const { token, text } of sorted) {
      const shared = sharedLength(before, text);
      for (const node of path.splice(shared)) this.#ends[node] = nodeCount;
      for (let depth = shared; depth < text.length; depth++) {
        this.#bytes[nodeCount] = text.charCodeAt(depth);
        this.#depths[nodeCount] = depth;
        path.push(nodeCount++);
      }
      const node = path.at(-1)!;
      this.#twins[token] = this.#tokens[node]!;
      this.#tokens[node] = token;
      before = text;
    }
    for (const node of path) this.#ends[node] = nodeCount;
    this.#bytes = this.#bytes.slice(0, nodeCount);
    this.#depths = this.#depths.slice(0, nodeCount);
    this.#ends = this.#ends.slice(0, nodeCount);
    this.#tokens = this.#tokens.slice(0, nodeCount);
  }

  /**
   * Finds the tokens that can be read from a state on.
   *
   * @param read where a byte leads; null for nowhere
   * @returns `[tokens]`: 1 for each of them
   */
  readable<State>(
    start: State,
    read: (state: State, byte: number) => State | null,
  ): Uint8Array<ArrayBuffer> {
    const found = new Uint8Array(this.#twins.length);
    const states: State[] = [start]; // by depth: where reading stands in front of the byte
    const nodeCount = this.#bytes.length;
    for (let node = 0; node < nodeCount; ) {
      const depth = this.#depths[node]!;
      const state = read(states[depth]!, this.#bytes[node]!);
      if (state === null) {
        node = this.#ends[node]!;
        continue;
      }
      states[depth + 1] = state;
      for (let token = this.#tokens[node]!; token >= 0; token = this.#twins[token]!)
        found[token] = 1;
      node++;
    }
    return found;
  }
}

function sharedLength(some: string, other: string): number {
  let length = 0;
  while (length < some.length && some.charCodeAt(length) === other.charCodeAt(length)) length++;
  return length;
}
