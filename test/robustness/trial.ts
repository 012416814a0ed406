/**
 * One damaged model, used as a program would: opened, its texts cut into tokens, its chat template
 * rendered, some tokens generated, closed. Whatever the file holds, each step must either work or
 * throw an error of ours that says which file is at fault.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LanguageModel, openModel } from "../../src/generation/languageModel.ts";
import { type ErrorCode, SluiceError } from "../../src/support/errors.ts";
import type { HostileModel } from "./hostileModel.ts";

/** Parsing and rendering a template may take 5 s each; nothing else comes near a second. */
export const trialLimitMs = 15_000;

export interface TrialReport {
  /** Codes of the errors that the steps ended with; none if all of it ran. */
  readonly codes: readonly ErrorCode[];
  /** What must not be: other errors, errors that do not name the file, wasted time. */
  readonly faults: readonly string[];
  readonly milliseconds: number;
}

/** What a bad file may lead to. The others of `ErrorCode` would blame someone else. */
const fileCodes: ReadonlySet<ErrorCode> = new Set([
  "bad-gguf",
  "missing-metadata",
  "missing-tensor",
  "unsupported-architecture",
  "unsupported-format",
  "unsupported-tokenizer",
  "unsupported-template",
  "file-unreadable",
]);

/** These are met while computing, where files have no names any more. So is an empty prompt. */
const computingCodes: ReadonlySet<ErrorCode> = new Set([
  "bad-number",
  "context-full",
  "out-of-memory",
]);

/** What still fits a screen. */
const messageLimit = 1500;
const text = "Hello, wörld! 12345 👋  \t\n the <|im_end|></s>";
const messages = [
  { role: "system", content: "Be brief." },
  { role: "user", content: text },
];

/** Writes the model's files into a folder of their own, uses it, and removes them. */
export async function runTrial(
  hostile: HostileModel,
  folder: string,
  threads: number,
): Promise<TrialReport> {
  const codes: ErrorCode[] = [];
  const faults: string[] = [];
  const attempt = async <T>(step: string, work: () => T): Promise<Awaited<T> | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SluiceError) codes.push(error.code);
      faults.push(...faultsOf(error, hostile).map((fault) => `${step}: ${fault}`));
      return undefined;
    }
  };

  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of hostile.files) writeFileSync(join(folder, name), bytes);
  const start = performance.now();
  const path = join(folder, hostile.entry);
  const model = await attempt("open", () => openModel(path, { threads, batchTokens: 16 }));
  if (model !== undefined) {
    await use(model, attempt);
    await attempt("close", () => model[Symbol.asyncDispose]());
  }
  const milliseconds = performance.now() - start;
  if (milliseconds > trialLimitMs) faults.push(`took ${milliseconds.toFixed(0)} ms`);
  rmSync(folder, { recursive: true, force: true });
  return { codes, faults, milliseconds };
}

type Attempt = <T>(step: string, work: () => T) => Promise<Awaited<T> | undefined>;

async function use(model: LanguageModel, attempt: Attempt): Promise<void> {
  await attempt("tokenise", () => {
    const tokens = model.tokenizer.encode(text);
    model.tokenizer.decode(tokens, { special: true });
    for (const token of tokens) model.tokenizer.piece(token);
  });
  const rendered = await attempt("render", () => model.chatTemplate.render(messages));
  await attempt("feed", async () => {
    using sequence = model.createSequence();
    await sequence.feed([0, model.vocabularySize - 1], { outputs: "all" });
  });
  for (const prompt of ["Hello the", rendered === undefined ? "x" : messages, [0, 0]]) {
    await attempt("generate", () =>
      Array.fromAsync(model.generate(prompt, { maxTokens: 2, temperature: 0 })),
    );
  }
}

function faultsOf(error: unknown, { files }: HostileModel): string[] {
  if (!(error instanceof SluiceError)) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  const { code, message } = error;
  const shown = `${code}: ${message.slice(0, 300)}`;
  if (computingCodes.has(code) || message === "no tokens to feed") return [];
  if (!fileCodes.has(code)) return [`blames someone else: ${shown}`];
  // A missing part of a split model is none of the files, but its name begins like theirs.
  const names = [...files.keys(), "model-0"];
  if (!names.some((name) => message.includes(name))) return [`names no file: ${shown}`];
  return message.length > messageLimit ? [`a message of ${message.length}: ${shown}`] : [];
}
