/** Tells a model's thoughts, `<think>...</think>`, from what it says, while the text streams by. */

export interface Segment {
  readonly text: string;
  /** The marks belong to the thought. */
  readonly isThought: boolean;
}

const opening = "<think>";
const closing = "</think>";

/** Marks may be split over pieces: what could be the beginning of one waits for the next piece. */
export class ThoughtSplitter {
  #isThought: boolean;
  #held = "";

  /** @param prompt what the model goes on from: some templates open the thought for it */
  constructor(prompt = "") {
    this.#isThought = prompt.trimEnd().endsWith(opening);
  }

  /** Takes the next piece; together the segments' texts are the pieces' text. */
  push(piece: string): Segment[] {
    const segments: Segment[] = [];
    const add = (text: string) => {
      if (text !== "") segments.push({ text, isThought: this.#isThought });
    };
    let rest = this.#held + piece;
    for (;;) {
      const mark = this.#isThought ? closing : opening;
      const at = rest.indexOf(mark);
      if (at === -1) {
        const sure = rest.length - overlap(rest, mark);
        add(rest.slice(0, sure));
        this.#held = rest.slice(sure);
        return segments;
      }
      if (this.#isThought) {
        add(rest.slice(0, at + mark.length));
        this.#isThought = false;
        rest = rest.slice(at + mark.length);
      } else {
        add(rest.slice(0, at));
        this.#isThought = true;
        add(mark);
        rest = rest.slice(at + mark.length);
      }
    }
  }

  /** What was held back when the text is over. */
  end(): Segment[] {
    const text = this.#held;
    this.#held = "";
    return text === "" ? [] : [{ text, isThought: this.#isThought }];
  }
}

/** Length of the longest end of `text` that `mark` begins with. */
function overlap(text: string, mark: string): number {
  let length = Math.min(text.length, mark.length - 1);
  while (!text.endsWith(mark.slice(0, length))) length--;
  return length;
}
