/** Counts how often the router chose each expert of the first layer. */
import { openModel, subscribe } from "sluice";

await using model = await openModel();
const uses = new Map<number, number>();
const stop = subscribe("sluice:routing", ({ layer, experts }) => {
  if (layer !== 0) return;
  for (const expert of experts) uses.set(expert, (uses.get(expert) ?? 0) + 1);
});
for await (const _ of model.generate("The little fox", { seed: 1, maxTokens: 40 }));
stop();
const ranked = [...uses].sort(([, a], [, b]) => b - a);
console.log(
  "expert: uses",
  ranked.slice(0, 4).map(([expert, count]) => `${expert}: ${count}`),
);
