/** What an evaluation reads: prompts with what belongs into their answers, held-out texts, names. */
import { readFileSync } from "node:fs";

const kinds = ["asked", "sum", "language", "story", "sluice"] as const;
export type Kind = (typeof kinds)[number];
export type Language = "python" | "typescript";

/** One prompt, and what its answer is judged by. */
export interface Question {
  readonly kind: Kind;
  readonly domain: string;
  /** Text up to where the answer begins; special tokens are parsed. */
  readonly prompt: string;
  /** Words of a right answer, in any capitals. */
  readonly mentions: readonly string[];
  /** The last number of a right answer. */
  readonly number: string | null;
  readonly language: Language | null;
}

/** A text that the model was not trained on. */
export interface HeldOut {
  readonly domain: string;
  readonly text: string;
}

/** Words that tell who a story is about. */
export interface StoryWords {
  readonly names: ReadonlySet<string>;
  /** What a hero can be, in small letters. */
  readonly heroes: ReadonlySet<string>;
}

/** At most `limit` of each kind, evenly spread over those there are. @throws Error with the place */
export function readQuestions(path: string, limit: number): Question[] {
  const questions: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!Array.isArray(questions)) throw new Error(`${path} is no list of prompts`);
  questions.forEach((question, index) => {
    const fault = faultOf(question as Partial<Question>);
    if (fault !== undefined) throw new Error(`${path}, prompt ${index}: ${fault}`);
  });
  return kinds.flatMap((kind) =>
    evenlySpread(
      (questions as Question[]).filter((question) => question.kind === kind),
      limit,
    ),
  );
}

function faultOf(question: Partial<Question>): string | undefined {
  const { kind, domain, prompt, mentions, number, language } = question;
  if (!kinds.some((known) => known === kind)) return `unknown kind ${kind}`;
  if (typeof domain !== "string" || typeof prompt !== "string") return "domain or prompt missing";
  if (!Array.isArray(mentions)) return "mentions missing";
  if (kind === "sum" && typeof number !== "string") return "a sum without its number";
  if (kind === "language" && language !== "python" && language !== "typescript")
    return `unknown language ${language}`;
  return undefined;
}

/** Held-out texts, domain after domain in turn: at most `limit` of each. */
export function readHeldOut(path: string, limit: number): HeldOut[] {
  const domains: Record<string, readonly string[]> = JSON.parse(readFileSync(path, "utf8"));
  const columns = Object.entries(domains).map(([domain, texts]) =>
    evenlySpread(texts, limit).map((text): HeldOut => ({ domain, text })),
  );
  const longest = Math.max(0, ...columns.map(({ length }) => length));
  return Array.from({ length: longest }, (_, row) =>
    columns.flatMap((column) => column.slice(row, row + 1)),
  ).flat();
}

/** Names and heroes from the corpus's words.py, or from JSON: a list of names, or both lists. */
export function readStoryWords(path: string): StoryWords {
  const text = readFileSync(path, "utf8");
  if (!path.endsWith(".json")) return wordsOfPython(text);
  const given: readonly string[] | { names: readonly string[]; heroes?: readonly string[] } =
    JSON.parse(text);
  const { names, heroes = [] } = "names" in given ? given : { names: given };
  return { names: new Set(names), heroes: new Set(heroes) };
}

function wordsOfPython(text: string): StoryWords {
  const list = (name: string) =>
    new RegExp(`^${name} = """([^"]*)"""`, "m").exec(text)?.[1]?.split(/\s+/) ?? [];
  const people = /^PEOPLE = \{([^}]*)\}/m.exec(text)?.[1] ?? "";
  const heroes = [...people.matchAll(/"([\w ]+)":/g)].map(([, name = ""]) => name);
  const names = [...list("GIRLS"), ...list("BOYS")];
  if (names.length === 0) throw new Error("the word lists have no GIRLS and BOYS");
  return { names: new Set(names), heroes: new Set([...list("SPECIES"), ...heroes]) };
}

function evenlySpread<T>(all: readonly T[], limit: number): T[] {
  const count = Math.min(all.length, limit);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as T);
}
