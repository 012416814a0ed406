/**
 * How far this engine and llama.cpp agree on held-out text: the likeliest next token, and how likely
 * llama.cpp's five likeliest are. The texts are tokenised by both, then both get the same tokens.
 * Rounding alone makes engines differ: how much, the last row says, of `fast` and `exact` of this one.
 *
 *     node bench/embedded/agreement.ts MODEL.gguf --valid valid.json --peers-dir DIR [--tokens 2000] [--out FILE]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { openModel, topK, wholeNumber } from "./engine.ts";
import { readHeldOut } from "./inputs.ts";
import { LlamaCpp } from "./llamaCpp.ts";
import { logSumExp, mean, rounded } from "./numbers.ts";
import { documentOf } from "./perplexity.ts";

interface Flags {
  readonly valid: string;
  readonly tokens: number;
  readonly peersDir: string;
  readonly out?: string;
}

interface Documents {
  readonly tokens: readonly (readonly number[])[];
  /** Texts, and those that llama.cpp tokenises alike. */
  readonly texts: number;
  readonly tokenizedAlike: number;
}

export interface Agreement {
  readonly of: string;
  readonly with: string;
  readonly positions: number;
  readonly sameArgmax: number;
  readonly share: number;
  /** |difference of ln p| of the reference's five likeliest tokens of every position. */
  readonly topFiveMean: number;
  readonly topFiveMedian: number;
  /** Where the argmax differs: how much likelier (ln p) the reference finds its own choice, at most. */
  readonly largestLead: number;
}

interface Computed {
  readonly name: string;
  readonly rows: readonly Float32Array[];
}

await new Command("agreement")
  .argument("<model>", "GGUF file")
  .requiredOption("--valid <file>", "held-out texts by domain")
  .option("--tokens <n>", "positions to compare", wholeNumber({ least: 1 }), 2000)
  .addOption(
    new Option("--peers-dir <folder>", "where node-llama-cpp is installed")
      .env("SLUICE_PEERS")
      .makeOptionMandatory(),
  )
  .option("--out <file>", "JSON of what was measured")
  .action(compare)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(`agreement: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });

async function compare(path: string, { valid, tokens, peersDir, out }: Flags): Promise<void> {
  const entry = join(peersDir, "node_modules/node-llama-cpp/dist/index.js");
  const llama = await LlamaCpp.open(entry, path);
  const documents = await documentsOf(path, valid, tokens, llama);
  const expected: Float32Array[] = [];
  for (const document of documents.tokens) expected.push(...(await llama.logits(document)));
  await llama.close();

  const fast = await logitsBy("fast", path, documents.tokens);
  const exact = await logitsBy("exact", path, documents.tokens);
  const agreements = [
    agreementOf({ name: "fast", rows: fast }, { name: "llama.cpp", rows: expected }),
    agreementOf({ name: "exact", rows: exact }, { name: "llama.cpp", rows: expected }),
    agreementOf({ name: "fast", rows: fast }, { name: "exact", rows: exact }),
  ];
  const { texts, tokenizedAlike } = documents;
  const report = { model: path, llamaCpp: llama.version, texts, tokenizedAlike, agreements };
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(report, undefined, 1)}\n`);
  console.log(JSON.stringify(report, undefined, 1));
}

/** Documents of all domains in turn, until they have so many tokens together. */
async function documentsOf(
  path: string,
  valid: string,
  wanted: number,
  llama: LlamaCpp,
): Promise<Documents> {
  await using model = await openModel(path);
  const tokens: number[][] = [];
  let [left, texts, tokenizedAlike] = [wanted, 0, 0];
  for (const heldOut of readHeldOut(valid, Number.POSITIVE_INFINITY)) {
    if (left <= 0) break;
    const ours = model.tokenizer.encode(heldOut.text);
    const theirs = llama.tokenize(heldOut.text);
    texts++;
    if (ours.join() === theirs.join()) tokenizedAlike++;
    const document = documentOf(heldOut, model).slice(0, -1).slice(0, left);
    left -= document.length;
    tokens.push(document);
  }
  return { tokens, texts, tokenizedAlike };
}

/** A row for every position. */
async function logitsBy(
  arithmetic: "fast" | "exact",
  path: string,
  documents: Documents["tokens"],
): Promise<Float32Array[]> {
  await using model = await openModel(path, { arithmetic });
  using sequence = model.createSequence();
  await using _threads = await model.holdThreads();
  const size = model.vocabularySize;
  const rows: Float32Array[] = [];
  for (const document of documents) {
    sequence.rewind(0);
    const logits = await sequence.feed(document, { outputs: "all" });
    rows.push(...document.map((_, row) => logits.subarray(row * size, (row + 1) * size)));
  }
  return rows;
}

function agreementOf(ours: Computed, reference: Computed): Agreement {
  const leads: number[] = [];
  const differences: number[] = [];
  for (const [position, row] of ours.rows.entries()) {
    const expected = reference.rows[position];
    const [own] = likeliest(row, 1);
    const topFive = likeliest(expected, 5);
    const [best] = topFive;
    if (own !== best) leads.push(expected[best] - expected[own]);
    const offset = logSumExp(row) - logSumExp(expected);
    for (const token of topFive) differences.push(Math.abs(row[token] - expected[token] - offset));
  }
  const positions = ours.rows.length;
  const sameArgmax = positions - leads.length;
  return {
    ...{ of: ours.name, with: reference.name, positions, sameArgmax },
    share: rounded(sameArgmax / positions, 4),
    topFiveMean: rounded(mean(differences), 6),
    topFiveMedian: rounded(differences.toSorted((a, b) => a - b)[differences.length >> 1] ?? 0, 6),
    largestLead: rounded(Math.max(0, ...leads), 4),
  };
}

function likeliest(logits: Float32Array, count: number): Int32Array {
  const best = new Int32Array(count);
  topK(logits, count, best);
  return best;
}
