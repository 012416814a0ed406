/** An answer that is JSON of a given shape, whatever the model would rather say. */
import { openModel } from "sluice";

await using model = await openModel();
const jsonSchema = {
  type: "object",
  properties: { name: { type: "string", maxLength: 20 }, legs: { enum: [2, 4] } },
  required: ["name", "legs"],
};
let text = "";
for await (const piece of model.generate("The animal is", { jsonSchema, seed: 1, maxTokens: 120 }))
  text += piece;
console.log(JSON.parse(text));
