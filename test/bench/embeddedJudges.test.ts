/** What the evaluation of the embedded model takes for a right answer, and for a wrong one. */
import { describe, expect, test } from "vitest";
import { codeFault } from "../../bench/embedded/codeLanguage.ts";
import type { Question } from "../../bench/embedded/inputs.ts";
import { readStoryWords } from "../../bench/embedded/inputs.ts";
import { storyFault } from "../../bench/embedded/storyNames.ts";
import { sumFault, sumGroups } from "../../bench/embedded/sums.ts";

const question: Question = {
  kind: "asked",
  domain: "talk",
  prompt: "",
  mentions: [],
  number: null,
  language: null,
};

describe("a sum", () => {
  test.for([
    ["27 plus 45 is 72.", undefined],
    ["27 + 45 = 72.", undefined],
    ["7 plus 5 is 12, so write 2 and carry 1. The answer is 72.", undefined],
    ["27 plus 45 is 62.", "62, not 72"],
    ["72 is 27 plus 45.", "45, not 72"],
    ["I do not know.", "without a number"],
  ] as const)("%s: %s", ([answer, fault]) => {
    expect(sumFault({ ...question, number: "72" }, answer)).toBe(fault);
  });

  test.for([
    ["What is 27 plus 45?", ["plus", "plus with a carry"]],
    ["21 + 45 = ?", ["plus", "plus without a carry"]],
    ["What is 45 minus 27?", ["minus", "minus with a borrow"]],
    ["47 - 25 = ?", ["minus", "minus without a borrow"]],
    ["How much is 6 times 7?", ["times"]],
  ] as const)("%s is counted as %s", ([prompt, groups]) => {
    expect(sumGroups({ ...question, prompt })).toEqual(groups);
  });
});

describe("code", () => {
  const python = "Here is a Python function:\n```python\ndef add(a, b):\n    return a + b\n```";
  const typescript =
    "A function:\n```typescript\nfunction add(a: number, b: number): number {\n  return a + b;\n}\n```";

  test("is right in the language asked for", () => {
    expect(codeFault({ ...question, language: "python" }, python)).toBeUndefined();
    expect(codeFault({ ...question, language: "typescript" }, typescript)).toBeUndefined();
  });

  test("is wrong in the other language, under the other's name, and if there is none", () => {
    expect(codeFault({ ...question, language: "python" }, typescript)).toBe(
      "typescript code, not python",
    );
    const mislabelled = python.replace("```python", "```typescript");
    expect(codeFault({ ...question, language: "python" }, mislabelled)).toBe(
      "python code fenced as typescript",
    );
    expect(codeFault({ ...question, language: "python" }, "Certainly.")).toBe(
      "no code, not python",
    );
  });
});

describe("a story", () => {
  const words = readStoryWords(
    new URL("../../models/training/corpus/words.py", import.meta.url).pathname,
  );

  test.for([
    ["A fox named Mia met an otter called Ben. Mia the fox and Ben were friends.", undefined],
    ["Once there was a fox who lived alone.", "without a name"],
    ["Mia met Ben, and Ben met Tom.", "3 names: Mia, Ben, Tom"],
    ["A fox named Mia lived here. Mia the rabbit was happy.", "Mia is a rabbit and a fox"],
  ] as const)("%s: %s", ([story, fault]) => {
    expect(storyFault(story, words)).toBe(fault);
  });
});
