/** Sums: the last number of an answer, and how hard the question was. */
import type { Question } from "./inputs.ts";

const operations: Readonly<Record<string, string>> = {
  "+": "plus",
  plus: "plus",
  "-": "minus",
  minus: "minus",
  "*": "times",
  x: "times",
  times: "times",
};

export function sumFault({ number }: Question, answer: string): string | undefined {
  const last = lastNumber(answer);
  if (last === undefined) return "without a number";
  return last === Number(number) ? undefined : `${last}, not ${number}`;
}

/** The operation, and whether a digit is carried or borrowed; `other` where the text does not say. */
export function sumGroups({ prompt }: Question): readonly string[] {
  const asked = /\b(\d+)\s*(\+|-|\*|x|plus|minus|times)\s*(\d+)\b/.exec(prompt);
  if (asked === null) return ["other"];
  const [, left = "", sign = "", right = ""] = asked;
  const operation = operations[sign] ?? "other";
  if (operation === "plus") {
    return [operation, carries(left, right) ? "plus with a carry" : "plus without a carry"];
  }
  if (operation === "minus") {
    return [operation, borrows(left, right) ? "minus with a borrow" : "minus without a borrow"];
  }
  return [operation];
}

/** "1,024" is one number; the hyphen of "12-5" is no sign. */
function lastNumber(text: string): number | undefined {
  const last = text.match(/(?<![\d\w])-?\d+(,\d{3})*(\.\d+)?/g)?.at(-1);
  return last === undefined ? undefined : Number(last.replaceAll(",", ""));
}

/** The lowest column above 9 is the first to carry, so that no column has to count what comes to it. */
function carries(left: string, right: string): boolean {
  return digitPairs(left, right).some(([a, b]) => a + b > 9);
}

/** In the same way, the lowest column that lacks something borrows first. */
function borrows(left: string, right: string): boolean {
  return digitPairs(left, right).some(([a, b]) => a < b);
}

/** From the ones up; the shorter number has zeros in front. */
function digitPairs(left: string, right: string): [number, number][] {
  const length = Math.max(left.length, right.length);
  const [upper, lower] = [left.padStart(length, "0"), right.padStart(length, "0")];
  return Array.from({ length }, (_, i): [number, number] => [
    Number(upper[length - 1 - i]),
    Number(lower[length - 1 - i]),
  ]);
}
