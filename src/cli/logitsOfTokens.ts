/** Logits and routing of a sequence of tokens, and their JSON, part by part. */
import type { Arithmetic } from "../compute/cpu/encodings.ts";
import type { KeyValueFormat } from "../compute/keyValueCache.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import { topK } from "../numerics/topK.ts";
import { SluiceError } from "../support/errors.ts";
import { type RoutingEvent, subscribe } from "../support/events.ts";

export interface LogitsOptions {
  /** Fed at once. */
  readonly tokens: readonly number[];
  /** Greedy tokens fed after them, one by one. */
  readonly decode: number;
  readonly signal: AbortSignal;
}

export interface ComputedLogits {
  readonly model: string;
  readonly arithmetic: Arithmetic;
  readonly keyValueFormat: KeyValueFormat;
  readonly tokens: readonly number[];
  /** `[vocabularySize]` per fed position. */
  readonly logits: readonly Float32Array[];
  /** The likeliest token after the last of `tokens`, and after each one fed then. */
  readonly greedy: readonly number[];
  readonly routing: readonly RoutingEvent[];
}

/** @throws SluiceError as `Sequence.feed`; `bad-number` if a logit or a share is not finite */
export async function computeLogits(
  model: LanguageModel,
  { tokens, decode, signal }: LogitsOptions,
): Promise<ComputedLogits> {
  const routing: RoutingEvent[] = [];
  const stop = subscribe("sluice:routing", (event) => {
    if (event.model === model.identity) routing.push(event);
  });
  try {
    using sequence = model.createSequence();
    await using _threads = await model.holdThreads();
    const size = model.vocabularySize;
    const prompt = await sequence.feed(tokens, { outputs: "all", signal });
    const logits = tokens.map((_, row) => prompt.subarray(row * size, (row + 1) * size));
    const greedy = [likeliest(logits.at(-1))];
    for (let step = 0; step < decode; step++) {
      const row = await sequence.feed(greedy.slice(-1), { signal });
      logits.push(row);
      greedy.push(likeliest(row));
    }
    checkFinite("logits", logits);
    checkFinite(
      "expert weights",
      routing.map(({ weights }) => weights),
    );
    const { name, arithmetic, keyValueFormat } = model;
    return { model: name, arithmetic, keyValueFormat, tokens, logits, greedy, routing };
  } finally {
    stop();
  }
}

/** The JSON of `sluice logits`, in parts: as one string, it might be larger than a string can be. */
export function* logitsJson(computed: ComputedLogits): Generator<string> {
  const { model, arithmetic, keyValueFormat, tokens, logits, greedy, routing } = computed;
  yield `{"model":${JSON.stringify(model)},"arithmetic":"${arithmetic}","kv":"${keyValueFormat}",`;
  yield `"tokens":${JSON.stringify(tokens)},\n"logits":[`;
  for (const [position, row] of logits.entries()) {
    yield `${position === 0 ? "" : ","}\n${listJson(row)}`;
  }
  yield `],\n"greedy":${JSON.stringify(greedy)},\n"routing":[`;
  const layers = [...Map.groupBy(routing, ({ layer }) => layer)].sort(([a], [b]) => a - b);
  for (const [index, [layer, events]] of layers.entries()) {
    const experts = events.flatMap((event) => rowsJson(event.experts, event.k));
    const weights = events.flatMap((event) => rowsJson(event.weights, event.k));
    yield `${index === 0 ? "" : ","}\n{"layer":${layer},"experts":[${experts}],"weights":[${weights}]}`;
  }
  yield "]}\n";
}

/** Of equals, the first. */
function likeliest(logits: Float32Array | undefined): number {
  const best = new Int32Array(1);
  topK(logits ?? new Float32Array(0), 1, best);
  return best[0] ?? 0;
}

function rowsJson(values: Float32Array | Int32Array, width: number): string[] {
  return Array.from({ length: values.length / width }, (_, row) =>
    listJson(values.subarray(row * width, (row + 1) * width)),
  );
}

/** JSON.stringify would lose the sign of -0. */
function listJson(values: Float32Array | Int32Array): string {
  const texts = Array.from(values, (value) => (Object.is(value, -0) ? "-0" : String(value)));
  return `[${texts.join(",")}]`;
}

function checkFinite(what: string, rows: readonly Float32Array[]): void {
  if (rows.every((row) => row.every(Number.isFinite))) return;
  throw new SluiceError("bad-number", `the ${what} hold values that are no finite numbers`);
}
