/** How well held-out texts are predicted, domain by domain. */
import { type LanguageModel, type Sequence, subscribe } from "./engine.ts";
import type { HeldOut } from "./inputs.ts";
import { logSumExp, rounded } from "./numbers.ts";
import type { RoutingLog } from "./routingLog.ts";

/** Ends a document, and stands before each in training. */
export const documentEnd = 0;

export const documentTokens = 512;

export interface Prediction {
  readonly texts: number;
  readonly tokens: number;
  /** Nats per token. */
  readonly loss: number;
  readonly perplexity: number;
}

export interface Predictions {
  readonly overall: Prediction;
  readonly domains: Readonly<Record<string, Prediction>>;
}

interface Score {
  readonly domain: string;
  readonly tokens: number;
  /** Nats of all of them. */
  readonly loss: number;
}

/** The tokens of a document from the mark before it to the mark behind it, or as many as fit. */
export function documentOf(
  { text }: HeldOut,
  { tokenizer, contextLength }: LanguageModel,
): number[] {
  const tokens = [documentEnd, ...tokenizer.encode(text), documentEnd];
  return tokens.slice(0, 1 + Math.min(documentTokens, contextLength));
}

/** Scores every text from its first token on; `log` hears what is routed meanwhile. */
export async function predictTexts(
  model: LanguageModel,
  texts: readonly HeldOut[],
  log: RoutingLog,
): Promise<Predictions> {
  await using _threads = await model.holdThreads();
  const stop = subscribe("sluice:routing", (event) => log.add(event));
  const scores: Score[] = [];
  try {
    using sequence = model.createSequence();
    for (const text of texts) {
      log.beginDocument(text.domain);
      const document = documentOf(text, model);
      const loss = await lossOf(document, sequence, model.vocabularySize);
      scores.push({ domain: text.domain, tokens: document.length - 1, loss });
    }
  } finally {
    stop();
  }
  const domains = [...Map.groupBy(scores, ({ domain }) => domain)];
  return {
    overall: predictionOf(scores),
    domains: Object.fromEntries(domains.map(([domain, own]) => [domain, predictionOf(own)])),
  };
}

/** The sum of -ln p of all tokens but the first. */
async function lossOf(
  document: readonly number[],
  sequence: Sequence,
  vocabularySize: number,
): Promise<number> {
  sequence.rewind(0);
  const logits = await sequence.feed(document.slice(0, -1), { outputs: "all" });
  let loss = 0;
  for (const [index, token] of document.slice(1).entries()) {
    const row = logits.subarray(index * vocabularySize, (index + 1) * vocabularySize);
    loss += logSumExp(row) - (row[token] as number);
  }
  return loss;
}

function predictionOf(scores: readonly Score[]): Prediction {
  const tokens = scores.reduce((sum, score) => sum + score.tokens, 0);
  const loss = scores.reduce((sum, score) => sum + score.loss, 0) / Math.max(1, tokens);
  return {
    texts: scores.length,
    tokens,
    loss: rounded(loss, 4),
    perplexity: rounded(Math.exp(loss), 3),
  };
}
