/** `sluice tokenize`: text to token ids, or ids to text. */
import type { Command } from "commander";
import { embeddedModelPath } from "../generation/embeddedModel.ts";
import { openGguf } from "../gguf/ggufFile.ts";
import { OptionError } from "../support/errors.ts";
import { createTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { tokenList } from "./numberArguments.ts";
import { tableLines } from "./table.ts";
import { writeJson, writeResult } from "./terminal.ts";
import { readText } from "./textInput.ts";

interface TokenizeFlags {
  readonly text?: string;
  readonly textFile?: string;
  readonly ids?: readonly number[];
  /** False with `--no-special`. */
  readonly special: boolean;
  readonly json?: true;
}

export function addTokenizeCommand(program: Command): void {
  program
    .command("tokenize")
    .summary("text to token ids and back")
    .description(
      "Turns text into token ids, or ids into text, by the vocabulary of a model. Needs no weights: a " +
        "file that holds only a vocabulary will do. Without MODEL, the one that comes with sluice " +
        "is used.",
    )
    .argument("[model]", "a GGUF file")
    .option("--text <text>", '"-" reads it from stdin')
    .option("--text-file <file>", "read the text from a UTF-8 file, every byte of it")
    .option("--ids <list>", "ids to turn into text: 1,2,3", tokenList)
    .option(
      "--no-special",
      "text: add no begin or end token and read special tokens as plain text; ids: leave them out",
    )
    .option("--json", "print {ids, pieces}, for --ids {ids, pieces, text}")
    .addHelpText(
      "after",
      `
Pieces are shown as JSON strings; bytes that are no whole character look like
<0xE2>.

Examples:
  $ sluice tokenize --text "Once upon a time"
  $ sluice tokenize olmoe.gguf --text-file story.txt --no-special --json
  $ sluice tokenize olmoe.gguf --ids 510,5347,273`,
    )
    .action(tokenize);
}

async function tokenize(path: string | undefined, flags: TokenizeFlags): Promise<void> {
  const { text, textFile, ids, special, json } = flags;
  const given = [text, textFile, ids].filter((source) => source !== undefined);
  if (given.length !== 1) {
    throw new OptionError("give exactly one of --text, --text-file and --ids");
  }
  await using file = await openGguf(path ?? embeddedModelPath);
  const tokenizer = createTokenizer(file.metadata);
  if (ids !== undefined) {
    checkTokens(tokenizer, ids);
    const decoded = tokenizer.decode(ids, { special });
    if (json) await writeJson({ ids, pieces: piecesOf(tokenizer, ids), text: decoded });
    else await writeResult(`${decoded}\n`);
    return;
  }
  const input = (await readText({ text, file: textFile })) ?? "";
  const tokens = tokenizer.encode(input, { addSpecial: special, parseSpecial: special });
  const pieces = piecesOf(tokenizer, tokens);
  if (json) {
    await writeJson({ ids: tokens, pieces });
    return;
  }
  const rows = tokens.map((token, index) => [String(token), JSON.stringify(pieces[index])]);
  for (const line of tableLines(rows, [0])) await writeResult(`${line}\n`);
}

function piecesOf(tokenizer: Tokenizer, tokens: readonly number[]): string[] {
  return tokens.map((token) => tokenizer.piece(token));
}

function checkTokens(tokenizer: Tokenizer, tokens: readonly number[]): void {
  for (const token of tokens) {
    if (token < tokenizer.vocabularySize) continue;
    throw new OptionError(
      `${token} is not a token of this model; tokens go from 0 to ${tokenizer.vocabularySize - 1}`,
    );
  }
}
