/** Asks the embedded model a question and prints the answer as it comes. */
import { openModel } from "sluice";

await using model = await openModel();
const answer = model.generate([{ role: "user", content: "What is a mixture of experts?" }], {
  temperature: 0,
  maxTokens: 100,
});
for await (const piece of answer) process.stdout.write(piece);
console.log(`\n${answer.statistics.generatedTokens} tokens`);
