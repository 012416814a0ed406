/** Things that users do with two sequences of a model, in any order. */
import fc from "fast-check";
import type { LanguageModel } from "../../../src/generation/languageModel.ts";
import type { Sequence } from "../../../src/generation/sequence.ts";
import { SluiceError } from "../../../src/support/errors.ts";
import { subscribe } from "../../../src/support/events.ts";

export type Step =
  | { readonly kind: "feed"; readonly sequence: 0 | 1; readonly tokens: readonly number[] }
  | { readonly kind: "rewind"; readonly sequence: 0 | 1; readonly share: number }
  /** At the same time: their batches take turns. */
  | { readonly kind: "feed both"; readonly tokens: readonly number[] }
  /** A feed that is cancelled after a layer; after -1, before it begins. */
  | { readonly kind: "cancel"; readonly sequence: 0 | 1; readonly layer: number };

const tokens = (least: number, most: number) =>
  fc.array(fc.nat({ max: 60 }), { minLength: least, maxLength: most });
const sequence = fc.constantFrom(0 as const, 1 as const);
const feed = (least: number, most: number) =>
  fc.record({ kind: fc.constant("feed" as const), sequence, tokens: tokens(least, most) });

export function anySteps(): fc.Arbitrary<readonly Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: feed(1, 1) },
    { weight: 2, arbitrary: feed(2, 50) },
    fc.record({
      kind: fc.constant("rewind" as const),
      sequence,
      share: fc.integer({ min: 0, max: 4 }).map((quarters) => quarters / 4),
    }),
    fc.record({ kind: fc.constant("feed both" as const), tokens: tokens(1, 8) }),
    fc.record({
      kind: fc.constant("cancel" as const),
      sequence,
      layer: fc.integer({ min: -1, max: 3 }),
    }),
  );
  return fc
    .tuple(feed(3, 50), fc.array(step, { minLength: 4, maxLength: 14 }))
    .map(([first, others]) => [first, ...others]);
}

/** Does them all; a sequence that has no room for a step's tokens starts anew. */
export async function play(model: LanguageModel, steps: readonly Step[]): Promise<void> {
  using first = model.createSequence();
  using second = model.createSequence();
  const both = [first, second] as const;
  for (const step of steps) {
    if (step.kind === "rewind") {
      const one = both[step.sequence];
      one.rewind(Math.floor(one.length * step.share));
    } else if (step.kind === "feed both") {
      await Promise.all(both.map((one) => fed(one, step.tokens)));
    } else if (step.kind === "feed") {
      await fed(both[step.sequence], step.tokens);
    } else {
      await cancelled(model, both[step.sequence], step.layer);
    }
  }
}

async function fed(one: Sequence, tokens: readonly number[], signal?: AbortSignal): Promise<void> {
  if (one.length + tokens.length > one.capacity) one.rewind(0);
  await one.feed(tokens, { signal });
}

async function cancelled(model: LanguageModel, one: Sequence, layer: number): Promise<void> {
  const controller = new AbortController();
  const stop = subscribe("sluice:layer", (event) => {
    if (event.model === model.identity && event.layer === layer) controller.abort();
  });
  if (layer === -1) controller.abort();
  const error: unknown = await fed(one, [1, 2, 3], controller.signal).catch((cause) => cause);
  stop();
  // A model of fewer layers is not cancelled.
  if (error instanceof Error && !(error instanceof SluiceError && error.code === "aborted")) {
    throw error;
  }
}
