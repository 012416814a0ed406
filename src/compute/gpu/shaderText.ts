/**
 * Puts a shader together from the WGSL files in `gpu/`. WGSL has no imports, so a line
 *
 *     //#import lib/unpack.wgsl
 *     //#import formats/${format}.wgsl
 *
 * stands for a file's text, where it is first asked for; `${format}` is a choice that the caller
 * makes. Directives (`enable`, `requires`), which WGSL wants first, are moved to the top.
 */
import { readFileSync } from "node:fs";

/** The words that a shader's imports leave open. */
export type ShaderChoices = Readonly<Record<string, string>>;

/** A line of a file in `gpu/`. */
interface SourceLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface JoinedShader {
  readonly text: string;
  /** Where each line of the text comes from. */
  readonly origins: readonly SourceLine[];
}

// The same relative path from src/compute/gpu and from dist/compute/gpu.
const folder = new URL("../../../gpu/", import.meta.url);

/**
 * The text of `gpu/<name>.wgsl` with its imports.
 *
 * @throws RangeError for a file that does not exist and a choice that is missing or too many
 */
export function joinShader(name: string, choices: ShaderChoices = {}): JoinedShader {
  const joiner = new Joiner(name, choices);
  joiner.add(`${name}.wgsl`);
  joiner.checkChoices();
  return joiner.joined();
}

/** A line before it is placed. */
interface Line extends SourceLine {
  readonly text: string;
}

const importLine = /^\s*\/\/#import\s+(\S+)\s*$/;
const directive = /^\s*(enable|requires|diagnostic)\b/;
const openWord = /\$\{(\w+)\}/g;

class Joiner {
  readonly #name: string;
  readonly #choices: ShaderChoices;
  readonly #files = new Set<string>();
  readonly #chosen = new Set<string>();
  readonly #directives = new Map<string, Line>();
  readonly #lines: Line[] = [];

  constructor(name: string, choices: ShaderChoices) {
    this.#name = name;
    this.#choices = choices;
  }

  add(file: string, importer?: SourceLine): void {
    if (this.#files.has(file)) return;
    this.#files.add(file);
    for (const [index, text] of this.#read(file, importer).entries()) {
      const line = { file, line: index + 1, text };
      const wanted = importLine.exec(text)?.[1];
      if (wanted !== undefined) this.add(this.#choose(wanted, line), line);
      else if (!directive.test(text)) this.#lines.push(line);
      else if (!this.#directives.has(text)) this.#directives.set(text, line);
    }
  }

  checkChoices(): void {
    const unused = Object.keys(this.#choices).find((word) => !this.#chosen.has(word));
    if (unused === undefined) return;
    throw new RangeError(`gpu/${this.#name}.wgsl leaves no choice of "${unused}"`);
  }

  joined(): JoinedShader {
    const lines = [...this.#directives.values(), ...this.#lines];
    return {
      text: lines.map(({ text }) => text).join("\n"),
      origins: lines.map(({ file, line }) => ({ file, line })),
    };
  }

  #choose(path: string, { file, line }: SourceLine): string {
    return path.replace(openWord, (_, word: string) => {
      this.#chosen.add(word);
      const choice = this.#choices[word];
      if (choice !== undefined && /^\w+$/.test(choice)) return choice;
      const what = choice === undefined ? "nothing" : `"${choice}"`;
      throw new RangeError(`gpu/${file}:${line}: ${what} was chosen as "${word}" of ${path}`);
    });
  }

  #read(file: string, importer: SourceLine | undefined): readonly string[] {
    try {
      return fileLines(file);
    } catch (cause) {
      const place = importer === undefined ? "" : `gpu/${importer.file}:${importer.line}: `;
      throw new RangeError(`${place}there is no shader file gpu/${file}`, { cause });
    }
  }
}

const knownFiles = new Map<string, readonly string[]>();

function fileLines(file: string): readonly string[] {
  const known = knownFiles.get(file);
  if (known !== undefined) return known;
  const lines = readFileSync(new URL(file, folder), "utf8").trimEnd().split("\n");
  knownFiles.set(file, lines);
  return lines;
}
