import fc from "fast-check";
import { expect, test } from "vitest";
import { createGrammarMask, parseGrammar } from "../../src/generation/grammar/index.ts";
import { accepts, byteMask, naivelyAccepts, passes, vocabularyOf } from "./grammarAcceptance.ts";

// Two bytes, three bytes, four bytes: few characters, so that texts and grammars meet.
const character = fc.constantFrom("a", "b", "é", "あ", "😀");
const set = fc
  .tuple(fc.boolean(), fc.array(character, { minLength: 1, maxLength: 3 }))
  .map(([isNegated, members]) => `[${isNegated ? "^" : ""}${members.join("")}]`);
const repetition = fc.oneof(
  fc.constantFrom("*", "+", "?", "{2}", "{1,}", "{2,}", "{0,2}", "{1,3}"),
  fc.constant(""),
);

const ruleNames = ["root", "one", "two"];

/** The body of a rule. What comes first may be a later rule only, so that there is no circle. */
function bodyOf(rule: number): fc.Arbitrary<string> {
  const later = ruleNames.slice(rule + 1);
  const { first } = fc.letrec<{ first: string; any: string; atom: string }>((tie) => ({
    atom: fc.oneof(
      { depthSize: "small" },
      fc.array(character, { maxLength: 2 }).map((text) => `"${text.join("")}"`),
      set,
      tie("any").map((inner) => `(${inner})`),
    ),
    any: fc
      .array(fc.array(fc.tuple(tie("atom"), repetition), { maxLength: 3 }), {
        minLength: 1,
        maxLength: 3,
      })
      .map((options) =>
        options.map((parts) => parts.map(([atom, sign]) => atom + sign).join(" ")).join(" | "),
      ),
    first: fc
      .tuple(
        tie("any"),
        character,
        fc.constantFrom("", ...ruleNames),
        fc.constantFrom("", ...later),
      )
      .map(([any, read, behind, front]) => `${front} (${any}) | "${read}" ${behind}`),
  }));
  return first;
}

const grammar = fc
  .tuple(bodyOf(0), bodyOf(1), bodyOf(2))
  .map((bodies) => bodies.map((body, rule) => `${ruleNames[rule]} ::= ${body}\n`).join(""))
  .filter((text) => {
    try {
      return parseGrammar(text).size > 0;
    } catch {
      return false;
    }
  });
const text = fc.array(character, { maxLength: 6 }).map((characters) => characters.join(""));
const texts = fc.array(text, { minLength: 1, maxLength: 20 });

test("a text is accepted exactly if trying everything accepts it", () => {
  let acceptedCount = 0;
  fc.assert(
    fc.property(grammar, texts, (written, candidates) => {
      const rules = parseGrammar(written);
      for (const candidate of candidates) {
        const isAccepted = naivelyAccepts(rules, candidate);
        if (isAccepted) acceptedCount++;
        expect(accepts(written, candidate), candidate).toBe(isAccepted);
      }
    }),
    { numRuns: 300 },
  );
  expect(acceptedCount).toBeGreaterThan(100);
});

test("a text that the mask let pass can always be finished", () => {
  fc.assert(
    fc.property(grammar, fc.infiniteStream(fc.nat()), (written, choices) => {
      const mask = byteMask(written);
      const end = 256;
      const bytes: number[] = [];
      for (const choice of choices) {
        const allowed = Array.from({ length: end + 1 }, (_, token) => token).filter((token) =>
          mask.allows(token),
        );
        expect(allowed.length).toBeGreaterThan(0);
        if (allowed.includes(end) && (bytes.length > 8 || choice % 4 === 0)) break;
        if (bytes.length > 60) return; // a grammar that is slow to come to an end
        const token = allowed[choice % allowed.length] ?? end;
        if (token === end) break;
        mask.accept(token);
        bytes.push(token);
      }
      const written8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        Uint8Array.from(bytes),
      );
      if (written8.length <= 12) expect(naivelyAccepts(parseGrammar(written), written8)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("a token is allowed exactly if its bytes are, one by one, whatever the order of the questions", () => {
  const token = fc.uint8Array({ minLength: 1, maxLength: 3 }).chain((noise) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(noise) },
      {
        weight: 6,
        // Pieces of text, cut anywhere.
        arbitrary: fc.tuple(text, fc.nat(4), fc.nat(6)).map(([whole, begin, length]) => {
          const bytes = new TextEncoder().encode(whole).subarray(begin, begin + length);
          return bytes.length === 0 ? noise : bytes;
        }),
      },
    ),
  );
  // More tokens than are judged one at a time.
  const tokens = fc.array(token, { minLength: 70, maxLength: 120 });
  fc.assert(
    fc.property(
      grammar,
      tokens,
      fc.array(fc.nat(), { maxLength: 5 }),
      (written, spellings, path) => {
        const vocabulary = vocabularyOf(spellings);
        const mask = createGrammarMask(written, vocabulary);
        const soFar: number[] = [];
        for (const step of [...path, 0]) {
          const allowed = spellings.map((spelling) => {
            const bytes = byteMask(written);
            for (const byte of soFar) bytes.accept(byte);
            return spelling.every((byte) => {
              const isAllowed = bytes.allows(byte);
              if (isAllowed) bytes.accept(byte);
              return isAllowed;
            });
          });
          expect(spellings.map((_, index) => mask.allows(index))).toEqual(allowed);
          const next = allowed.flatMap((isAllowed, index) => (isAllowed ? [index] : []));
          if (next.length === 0) return;
          const chosen = next[step % next.length]!;
          mask.accept(chosen);
          soFar.push(...spellings[chosen]!);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("half a character passes exactly if a character that begins so does", () => {
  const codePoint = fc.oneof(
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
    fc.constantFrom(0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff),
  );
  fc.assert(
    fc.property(codePoint, codePoint, codePoint, fc.nat(3), (one, other, tried, cut) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      const hex = (value: number) => `\\U${value.toString(16).padStart(8, "0")}`;
      const written = `root ::= [${hex(low)}-${hex(high)}]`;
      const bytes = new TextEncoder().encode(String.fromCodePoint(tried));
      const beginning = bytes.subarray(0, Math.min(cut, bytes.length));
      // The least and the greatest character with these first bytes.
      const filled = (filler: number) =>
        Uint8Array.from(bytes, (byte, index) => (index < beginning.length ? byte : filler));
      const bounds = [firstOf(filled(0x80)), lastOf(filled(0xbf))] as const;
      const isPossible =
        beginning.length === 0 ||
        (beginning.length === bytes.length
          ? low <= tried && tried <= high
          : bounds[0] <= high && low <= bounds[1]);
      const mask = byteMask(written);
      const passed = beginning.every((byte) => {
        const isAllowed = mask.allows(byte);
        if (isAllowed) mask.accept(byte);
        return isAllowed;
      });
      expect(passed).toBe(isPossible);
    }),
    { numRuns: 500 },
  );
});

function bitsOf(bytes: Uint8Array): number {
  const [lead = 0, ...rest] = bytes;
  const mask = [0x7f, 0x1f, 0x0f, 0x07][rest.length] ?? 0;
  return rest.reduce((bits, byte) => (bits << 6) | (byte & 0x3f), lead & mask);
}

function firstOf(bytes: Uint8Array): number {
  const value = Math.max(bitsOf(bytes), [0, 0x80, 0x800, 0x10000][bytes.length - 1] ?? 0);
  return value >= 0xd800 && value <= 0xdfff ? 0xe000 : value;
}

function lastOf(bytes: Uint8Array): number {
  const value = Math.min(bitsOf(bytes), 0x10ffff);
  return value >= 0xd800 && value <= 0xdfff ? 0xd7ff : value;
}

test("texts of any length pass without the mask growing slow", () => {
  const mask = byteMask('root ::= (list | [a-z ]){0,90000}\nlist ::= "(" ("x" | list)* ")"');
  const deep = "(".repeat(3000) + "x".repeat(3000) + ")".repeat(3000);
  expect(passes(mask, deep + "word ".repeat(4000))).toBe(true);
  expect(mask.allows(256)).toBe(true);
}, 10_000);
