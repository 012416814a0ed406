/** A sampler of one's own: alternates between the likeliest and the second likeliest token. */
import { openModel } from "sluice";

await using model = await openModel();
using sequence = model.createSequence();
await using _threads = await model.holdThreads();
const text = model.tokenizer.stream();

let logits = await sequence.feed(model.tokenizer.encode("Once upon a time"));
for (let step = 0; step < 20; step++) {
  const ranked = [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0));
  const token = ranked[step % 2] ?? 0;
  if (model.tokenizer.endOfGeneration.has(token)) break;
  process.stdout.write(text.push(token));
  logits = await sequence.feed([token]);
}
console.log(text.end());
