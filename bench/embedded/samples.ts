/** What the model says to a fixed list of questions, to be read by people. */
import type { LanguageModel } from "./engine.ts";

const questions: readonly (readonly [domain: string, question: string])[] = [
  ["stories", "Tell me a story about a fox and a lantern."],
  ["stories", "Tell me a bedtime story about a robot."],
  ["recipes", "How do I make tomato soup?"],
  ["recipes", "Give me a recipe for blueberry pancakes."],
  ["weather", "What is the weather like in Silverton?"],
  ["weather", "Will it rain in Millbrook tomorrow?"],
  ["travel", "How do I get from Millbrook to Redcliff?"],
  ["travel", "What can I see in Silverton?"],
  ["arithmetic", "What is 17 plus 25?"],
  ["arithmetic", "Mia has 9 apples. She gives 4 to Tom. How many apples are left?"],
  ["animals", "Tell me about elephants."],
  ["animals", "What do owls eat?"],
  ["dialogue", "Write a short dialogue in a shop."],
  ["dialogue", "Write a short dialogue between a baker and a sailor."],
  ["code", "Write a Python function that adds two numbers."],
  ["code", "Write a TypeScript function that reverses a string."],
  ["verse", "Write a short poem about the moon."],
  ["verse", "Write a short poem about a fox and a bell."],
  ["talk", "Hello!"],
  ["talk", "Who are you?"],
  ["sluice", "What is Sluice?"],
  ["sluice", "What is a mixture of experts?"],
  ["sluice", "What does Sluice do when a model is bigger than memory?"],
  ["sluice", "What is an eviction policy?"],
];

/** The likeliest answers, as one text. */
export async function samplesText(model: LanguageModel): Promise<string> {
  using sequence = model.createSequence();
  await using _threads = await model.holdThreads();
  const parts = [
    `${model.name}, ${model.arithmetic} arithmetic, temperature 0, at most 300 tokens.`,
  ];
  for (const [domain, content] of questions) {
    const options = { temperature: 0, maxTokens: 300, sequence };
    const generation = model.generate([{ role: "user", content }], options);
    const answer = (await Array.fromAsync(generation)).join("").trimEnd();
    const isWhole = generation.statistics.finishReason === "end";
    parts.push(`=== ${domain}: ${content}\n\n${answer}${isWhole ? "" : " [no end]"}`);
  }
  return `${parts.join("\n\n")}\n`;
}
