import { describe, expect, test } from "vitest";
import { parseGrammar } from "../../src/generation/grammar/index.ts";
import { OptionError } from "../../src/support/errors.ts";
import { accepts } from "./grammarAcceptance.ts";

/** The texts of a list that belong to the grammar. */
function accepted(grammar: string, texts: readonly string[]): string[] {
  return texts.filter((text) => accepts(grammar, text));
}

function complaint(grammar: string): string {
  try {
    parseGrammar(grammar);
  } catch (error) {
    if (error instanceof OptionError) return error.message;
    throw error;
  }
  return "no error";
}

describe("a grammar's notation", () => {
  test("literals with escapes", () => {
    const grammar = String.raw`root ::= "\x41\u00e9\U0001F600\n\t\"\\\[\]"`;
    expect(accepts(grammar, 'Aé😀\n\t"\\[]')).toBe(true);
  });

  test("sets, ranges and what is not in them", () => {
    expect(accepted("root ::= [a-cx]", [..."abcdx-"])).toEqual(["a", "b", "c", "x"]);
    expect(accepted("root ::= [^a-cx]", [..."abdé😀x"])).toEqual(["d", "é", "😀"]);
    expect(accepted("root ::= [a-]", [..."a-b"])).toEqual(["a", "-"]);
    expect(accepted(String.raw`root ::= [\]\\]`, ["]", "\\", "["])).toEqual(["]", "\\"]);
    expect(accepted("root ::= [ぁ-ゟ]", ["あ", "ア"])).toEqual(["あ"]);
    expect(accepted("root ::= .", ["a", "\n", "é", "", "ab"])).toEqual(["a", "\n", "é"]);
  });

  test("repetitions", () => {
    const texts = ["", "a", "aa", "aaa", "aaaa"];
    expect(accepted('root ::= "a"*', texts)).toEqual(texts);
    expect(accepted('root ::= "a"+', texts)).toEqual(texts.slice(1));
    expect(accepted('root ::= "a"?', texts)).toEqual(["", "a"]);
    expect(accepted('root ::= "a"{2}', texts)).toEqual(["aa"]);
    expect(accepted('root ::= "a"{ 2 , }', texts)).toEqual(["aa", "aaa", "aaaa"]);
    expect(accepted('root ::= "a"{1,3}', texts)).toEqual(["a", "aa", "aaa"]);
    expect(accepted('root ::= "a"{0}', texts)).toEqual([""]);
    expect(accepted('root ::= "a"{2}{2}', texts)).toEqual(["aaaa"]);
    expect(accepted('root ::= "ab"{2}', ["abab", "abb"])).toEqual(["abab"]);
  });

  test("comments, groups over several lines, alternatives that go on below", () => {
    const grammar = `# a list
      root ::= (      # in parentheses, lines may break
        "- " item     # here too
      )+
      item ::= "yes" |
               "no" | other-one
      other-one ::=
        "maybe"
      `;
    expect(accepted(grammar, ["- yes- no", "- maybe", "- ", "no"])).toEqual([
      "- yes- no",
      "- maybe",
    ]);
    expect(accepts(grammar.replaceAll("\n", "\r\n"), "- yes- no")).toBe(true);
  });

  test("the chess grammar of llama.cpp's guide", () => {
    const grammar = `root ::= (
          "1. " move " " move "\\n"
          ([1-9] [0-9]? ". " move " " move "\\n")+
      )
      move ::= (pawn | nonpawn | castle) [+#]?
      pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
      nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
      castle ::= "O-O" "-O"?`;
    expect(accepts(grammar, "1. e4 e5\n2. Nf3 Nc6\n3. O-O dxe4+\n")).toBe(true);
    expect(accepts(grammar, "1. e4 e5\n2. Nf9 Nc6\n")).toBe(false);
  });
});

test("a mistake is answered with its place", () => {
  const mistakes = [
    'start ::= "a"',
    "root ::= first",
    'root ::= "a\n\nroot2 ::= [b]',
    'root ::= "a" )',
    'root ::= ("a" | "b"',
    "root ::= [a-",
    "root ::= []",
    String.raw`root ::= [^\x00-\U0010FFFF]`,
    "root ::= [z-a]",
    String.raw`root ::= "\q"`,
    String.raw`root ::= "\x4"`,
    String.raw`root ::= "\ud800"`,
    String.raw`root ::= "\U00110000"`,
    'root = "a"',
    'root ::= "a"\nroot ::= "b"',
    'root ::= "a"{3,2}',
    'root ::= "a"{100001}',
    'root ::= "a"{x}',
    'root ::= "é" *"a" * "b" , "c"',
    "root ::= <think> .*",
    `root ::= ${"(".repeat(501)}`,
    "::=",
  ];
  const answers = mistakes.map((grammar) => `${grammar.slice(0, 40)}  =>  ${complaint(grammar)}`);
  expect(answers.join("\n\n")).toMatchInlineSnapshot(`
    "start ::= "a"  =>  grammar: there is no rule "root"

    root ::= first  =>  grammar, line 1, column 10: there is no rule "first"

    root ::= "a

    root2 ::= [b]  =>  grammar, line 1, column 10: this literal has no closing "

    root ::= "a" )  =>  grammar, line 1, column 14: ")" cannot stand here

    root ::= ("a" | "b"  =>  grammar, line 1, column 10: this parenthesis is not closed

    root ::= [a-  =>  grammar, line 1, column 10: this set has no closing ]

    root ::= []  =>  grammar, line 1, column 10: this set has no characters

    root ::= [^\\x00-\\U0010FFFF]  =>  grammar, line 1, column 10: this set has no characters

    root ::= [z-a]  =>  grammar, line 1, column 11: this range runs backwards

    root ::= "\\q"  =>  grammar, line 1, column 11: there is no escape \\q

    root ::= "\\x4"  =>  grammar, line 1, column 11: \\x wants 2 hexadecimal digits

    root ::= "\\ud800"  =>  grammar, line 1, column 11: U+D800 is no Unicode character

    root ::= "\\U00110000"  =>  grammar, line 1, column 11: U+110000 is no Unicode character

    root = "a"  =>  grammar, line 1, column 6: "::=" expected

    root ::= "a"
    root ::= "b"  =>  grammar, line 2, column 1: there is a rule "root" already

    root ::= "a"{3,2}  =>  grammar, line 1, column 13: this repetition runs backwards

    root ::= "a"{100001}  =>  grammar, line 1, column 13: a repetition may count to 100000 at most

    root ::= "a"{x}  =>  grammar, line 1, column 13: {m}, {m,} or {m,n} expected

    root ::= "é" *"a" * "b" , "c"  =>  grammar, line 1, column 25: "," cannot stand here

    root ::= <think> .*  =>  grammar, line 1, column 10: tokens (<...>) are not supported, only characters are

    root ::= (((((((((((((((((((((((((((((((  =>  grammar, line 1, column 510: parentheses may be nested 500 deep at most

    ::=  =>  grammar, line 1, column 1: a rule's name expected"
  `);
});

test("a grammar that cannot be followed is refused", () => {
  const hopeless = [
    'root ::= root "a" | "b"',
    'root ::= "a" list\nlist ::= items "x" | "y"\nitems ::= " "* list',
    'root ::= ("a"? root)*',
    'root ::= "a" | "b" more\nmore ::= "c" more',
    "root ::= root",
  ];
  const answers = hopeless.map((grammar) => `${grammar}  =>  ${complaint(grammar)}`);
  expect(answers.join("\n\n")).toMatchInlineSnapshot(`
    "root ::= root "a" | "b"  =>  grammar: left recursion, "root" -> "root"; write a rule's own name behind what it begins with, or use * or +

    root ::= "a" list
    list ::= items "x" | "y"
    items ::= " "* list  =>  grammar: left recursion, "list" -> "items" -> "list"; write a rule's own name behind what it begins with, or use * or +

    root ::= ("a"? root)*  =>  grammar: left recursion, "root" -> "root"; write a rule's own name behind what it begins with, or use * or +

    root ::= "a" | "b" more
    more ::= "c" more  =>  grammar: rule "more" never ends; one of its alternatives must do without rules that need it

    root ::= root  =>  grammar: rule "root" never ends; one of its alternatives must do without rules that need it"
  `);
  expect(complaint('root ::= "a" root | ""')).toBe("no error");
  expect(complaint('root ::= more{0} "a"\nmore ::= "b" root')).toBe("no error");
});
