/** A model in a fraction of its memory: experts come from the file when the router asks for them. */
import { openModel } from "sluice";

await using model = await openModel(undefined, { ramBytes: 12 * 2 ** 20, policy: "cycle-burst" });
for await (const piece of model.generate("Once upon a time", { maxTokens: 32, seed: 1 })) {
  process.stdout.write(piece);
}
const { slots, experts, counts, bytesRead } = model.experts;
const { hits, uses } = counts.decode;
console.log(
  `\n${slots} of ${experts} experts in RAM, ${hits} of ${uses} hits, ${bytesRead} bytes read`,
);
