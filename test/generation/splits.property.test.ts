/** However a prompt is fed, on however many threads, its logits have the same bits. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openModel } from "../../src/generation/languageModel.ts";

const file = fileURLToPath(new URL("../../models/tiny-moe-q4_0.gguf", import.meta.url));
const tokens = Array.from({ length: 40 }, (_, index) => (index * 389 + 17) % 2048);

/** Feeds of random sizes; before each, some tokens that are taken back again. */
const feeds = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 40 }),
    detour: fc.array(fc.nat({ max: 2047 }), { maxLength: 5 }),
  }),
  { minLength: 40, maxLength: 40 },
);

test("random feeds, detours, batch sizes and thread counts change no bit", async () => {
  await using plain = await openModel(file, { threads: 1, contextLength: 64 });
  using reference = plain.createSequence();
  const expected = await reference.feed(tokens);
  await fc.assert(
    fc.asyncProperty(
      feeds,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 40 }),
      async (plan, threads, batchTokens) => {
        await using model = await openModel(file, { threads, batchTokens, contextLength: 64 });
        using sequence = model.createSequence();
        let logits = new Float32Array();
        for (const { size, detour } of plan) {
          if (sequence.length === tokens.length) break;
          const before = sequence.length;
          if (detour.length > 0) await sequence.feed(detour);
          sequence.rewind(before);
          logits = (await sequence.feed(
            tokens.slice(before, before + size),
          )) as Float32Array<ArrayBuffer>;
        }
        expect(Buffer.compare(Buffer.from(logits.buffer), Buffer.from(expected.buffer))).toBe(0);
      },
    ),
    { numRuns: 20 },
  );
});
