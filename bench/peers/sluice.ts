/**
 * This engine, answering passes.
 *
 *     node bench/peers/sluice.ts MODEL THREADS CONTEXT [OPEN_OPTIONS as JSON]
 */
import { type OpenOptions, openModel } from "../../src/generation/languageModel.ts";
import { fixedTokens, likeliest } from "./pass.ts";
import { servePasses, timedPass } from "./servePasses.ts";

const [path = "", threads = "2", contextLength = "1024", options = "{}"] = process.argv.slice(2);
await using model = await openModel(path, {
  threads: Number(threads),
  contextLength: Number(contextLength),
  ...(JSON.parse(options) as OpenOptions),
});
await servePasses(async (request) => {
  await using _threads = await model.holdThreads();
  using sequence = model.createSequence();
  return await timedPass(request, fixedTokens(request.seed, model.vocabularySize), {
    first: async (prompt) => likeliest(await sequence.feed(prompt)),
    next: async (token) => likeliest(await sequence.feed([token])),
  });
});
