/** Lines to messages, and an answer to thoughts and words. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageAssembler } from "../../src/cli/chatMessage.ts";
import { type Segment, ThoughtSplitter } from "../../src/cli/chatThoughts.ts";

/** The messages that lines make; what is begun at the end counts too. */
function messagesOf(...lines: readonly string[]): (string | { block: string })[] {
  const assembler = new MessageAssembler();
  const messages = lines.map((line) => assembler.push(line));
  return [...messages, assembler.end()]
    .filter((message) => message !== undefined)
    .map(({ text, isBlock }) => (isBlock ? { block: text } : text));
}

test("a line is a message, unless a backslash or a block lets it go on", () => {
  expect(messagesOf("one", "two")).toEqual(["one", "two"]);
  expect(messagesOf("one\\", "two\\", "three", "four")).toEqual(["one\ntwo\nthree", "four"]);
  expect(messagesOf('"""', "/one", "", "two\\", '"""', "three")).toEqual([
    { block: "/one\n\ntwo\\" },
    "three",
  ]);
  expect(messagesOf('"""one', 'two"""', '"""three"""')).toEqual([
    { block: "one\ntwo" },
    { block: "three" },
  ]);
  expect(messagesOf('say """ twice', "end\\")).toEqual(['say """ twice', "end"]);
  expect(messagesOf('"""', "open")).toEqual([{ block: "open" }]);
});

test("a message that was begun can be dropped", () => {
  const assembler = new MessageAssembler();
  assembler.push('"""');
  expect(assembler.hasBegun).toBe(true);
  assembler.drop();
  expect(assembler.hasBegun).toBe(false);
  expect(assembler.push("new")).toEqual({ text: "new", isBlock: false });
});

function segmentsOf(pieces: readonly string[], prompt = ""): Segment[] {
  const splitter = new ThoughtSplitter(prompt);
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

/** Text in square brackets was a thought. */
function marked(segments: readonly Segment[]): string {
  return segments
    .map(({ text, isThought }) => (isThought ? `[${text}]` : text))
    .join("")
    .replaceAll("][", "");
}

test("thoughts are told from words, also where the prompt has opened them", () => {
  expect(marked(segmentsOf(["<think>hm</think>yes"]))).toBe("[<think>hm</think>]yes");
  expect(marked(segmentsOf(["hm</think>yes"], "<|assistant|>\n<think>\n"))).toBe("[hm</think>]yes");
  expect(marked(segmentsOf(["a </think> b <think"]))).toBe("a </think> b <think");
  expect(marked(segmentsOf(["<think>never ended </thi"]))).toBe("[<think>never ended </thi]");
});

test("however a text is cut, the same is a thought, nothing is lost and nothing waits needlessly", () => {
  const words = fc.constantFrom("<think>", "</think>", "<", "<th", "</", "word ", "\n", "😀");
  const texts = fc.array(words, { maxLength: 8 }).map((parts) => parts.join(""));
  const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 6 });
  fc.assert(
    fc.property(texts, cuts, (text, places) => {
      const edges = [
        0,
        ...places.filter((at) => at < text.length).sort((a, b) => a - b),
        text.length,
      ];
      const pieces = edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
      const whole = segmentsOf([text]);
      const cut = segmentsOf(pieces);
      expect(marked(cut)).toBe(marked(whole));
      expect(cut.map((segment) => segment.text).join("")).toBe(text);
      const shown = new ThoughtSplitter()
        .push(text)
        .map((segment) => segment.text)
        .join("");
      expect(text.slice(shown.length).length).toBeLessThan("</think>".length);
    }),
  );
});
