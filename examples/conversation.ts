/** Two questions in one conversation: the second computes only what is new. */
import { Conversation, openModel } from "sluice";

await using model = await openModel();
using conversation = new Conversation(model, { system: "Be short." });
for (const question of ["Hello!", "Who are you?"]) {
  const answer = conversation.ask(question, { temperature: 0, maxTokens: 40 });
  for await (const piece of answer) process.stdout.write(piece);
  const { promptTokens, reusedTokens } = answer.statistics;
  console.log(`\n(${promptTokens} prompt tokens, ${reusedTokens} of them computed before)`);
}
