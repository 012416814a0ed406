/** Feeds text, looks at the likeliest next tokens, goes back and tries other words. */
import { openModel } from "sluice";

await using model = await openModel();
using sequence = model.createSequence();
const { tokenizer } = model;
await sequence.feed(tokenizer.encode("Once upon a"));
for (const word of [" time", " hill"]) {
  const logits = await sequence.feed(tokenizer.encode(word));
  const best = [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0)).slice(0, 5);
  console.log(
    word,
    "->",
    best.map((token) => tokenizer.piece(token)),
  );
  sequence.rewind(sequence.length - tokenizer.encode(word).length);
}
