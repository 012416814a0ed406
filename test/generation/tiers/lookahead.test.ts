/** Early router logits: asked of the right router, about the right token, and only where there is room. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModel } from "../../../src/generation/languageModel.ts";
import { type RoutingEvent, subscribe } from "../../../src/support/events.ts";
import { writeGguf } from "../../support/ggufBuilder.ts";
import { type MoeShape, moeModel } from "../../support/moeModel.ts";
import { scratchFolder } from "../../support/scratchFolder.ts";

const scratch = scratchFolder();
const shape: MoeShape = { layers: 4, experts: 8, expertsPerToken: 2, isStill: true };

/** What the routers say when these tokens are fed at once. */
async function routings(
  of: MoeShape,
  tokens: readonly number[],
  predictor = "gate-lookahead",
): Promise<Pick<RoutingEvent, "layer" | "logits" | "lookahead">[]> {
  const path = writeGguf(join(scratch, "still.gguf"), moeModel(of));
  await using model = await openModel(path, { threads: 1, contextLength: 16, predictor });
  using sequence = model.createSequence();
  const events: Pick<RoutingEvent, "layer" | "logits" | "lookahead">[] = [];
  const stop = subscribe("sluice:routing", ({ layer, logits, lookahead }) => {
    events.push({ layer, logits: logits.slice(), lookahead });
  });
  await sequence.feed(tokens);
  stop();
  return events;
}

test("where the hidden state stands still, each layer foresees the next one exactly", async () => {
  const events = await routings(shape, [5]);
  expect(events.map(({ layer }) => layer)).toEqual([0, 1, 2, 3]);
  for (const [index, { lookahead }] of events.entries()) {
    expect(lookahead).toEqual(events[index + 1]?.logits);
  }
  expect(events[0]?.logits).not.toEqual(events[1]?.logits);
});

test("nobody looks ahead for batches, without being asked, or at a router of another format", async () => {
  const silent = [
    await routings(shape, [5, 6]),
    await routings(shape, [5], "transitions"),
    await routings({ ...shape, routerFormat: (layer) => (layer === 2 ? "Q8_0" : "F32") }, [5]),
  ];
  const who = silent.map((events) =>
    events.filter(({ lookahead }) => lookahead !== undefined).map(({ layer }) => layer),
  );
  expect(who).toEqual([[], [], [0]]);
});
