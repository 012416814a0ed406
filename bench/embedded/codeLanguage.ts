/** Which language the code of an answer is written in. */
import type { Language, Question } from "./inputs.ts";

const signs: Readonly<Record<Language, readonly RegExp[]>> = {
  python: [
    /^\s*(async )?def \w+\(.*\)(\s*->\s*[\w[\], .]+)?:\s*(#.*)?$/m,
    /^\s*class \w+(\(.*\))?:\s*(#.*)?$/m,
    /^\s*(if|elif|while|for|with)\b[^{\n]*:\s*(#.*)?$/m,
    /^\s*(else|try|finally|except\b.*):\s*(#.*)?$/m,
    /^\s*(from \w+ )?import \w+\s*$/m,
    /\bprint\(|\blambda \w*:|\bNone\b|\bTrue\b|\bFalse\b/,
    /^\s*#/m,
  ],
  typescript: [
    /\bfunction\b\s*\w*\s*[(<]/,
    /=>/,
    /^\s*(export )?(const|let|var|interface|type) \w+/m,
    /[)\w>\]]\s*\{\s*$/m,
    /;\s*(\/\/.*)?$/m,
    /:\s*(number|string|boolean|void|unknown)\b/,
    /\bconsole\.log\(|===|!==|\bnull\b|\bundefined\b/,
    /^\s*\/\//m,
  ],
};

const fences: Readonly<Record<string, Language>> = {
  python: "python",
  py: "python",
  typescript: "typescript",
  ts: "typescript",
};

/** Right if the code is all in the language asked for, and its fence, if it is named, says so too. */
export function codeFault({ language }: Question, answer: string): string | undefined {
  const { code, fence } = codeOf(answer);
  const written = languageOf(code);
  if (written !== language) return `${written} code, not ${language}`;
  if (fence !== "" && fences[fence] !== language) return `${language} code fenced as ${fence}`;
  return undefined;
}

/** The first fenced block, even without an end; without a fence all is taken for code. */
function codeOf(answer: string): { readonly code: string; readonly fence: string } {
  const block = /```([^\n]*)\n([\s\S]*?)(```|$)/.exec(answer);
  if (block === null) return { code: answer, fence: "" };
  const [, fence = "", code = ""] = block;
  return { code, fence: fence.trim().toLowerCase() };
}

function languageOf(code: string): Language | "mixed" | "no" {
  const has = (language: Language) => signs[language].some((sign) => sign.test(code));
  if (has("python")) return has("typescript") ? "mixed" : "python";
  return has("typescript") ? "typescript" : "no";
}
