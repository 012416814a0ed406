/**
 * `npm run test:golden -- DIR [--gpu NAME]`: compares every golden in a folder, of the families that
 * exist. On a GPU those in `exact` arithmetic alone: `fast` ones are excused by ties that only the
 * processor's activations tell, and compared with the processor bit for bit by other tests.
 */
import { parseArgs } from "node:util";
import { compare, goldenCases } from "./golden.ts";

const families = ["llama", "olmoe", "qwen3moe"];
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { gpu: { type: "string" } },
});
const [folder] = positionals;
const { gpu } = values;
if (folder === undefined) {
  console.error("usage: npm run test:golden -- DIR [--gpu NAME]");
  process.exit(2);
}

const cases = goldenCases(folder, families).filter(
  ({ arithmetic }) => gpu === undefined || arithmetic === "exact",
);
let failed = 0;
for (const golden of cases) {
  const { logits, problems, ties } = await compare(golden, gpu === undefined ? {} : { gpu });
  if (problems.length > 0) failed++;
  console.log(
    `${problems.length === 0 ? "ok  " : "FAIL"} ${golden.title.padEnd(40)} logits ${logits.toExponential(1)}`,
  );
  for (const tie of ties)
    console.log(
      `       rounding tie, ${problems.length === 0 ? "proved" : "not enough"}: ${tie.title}`,
    );
  for (const problem of problems.slice(0, 6)) console.log(`       ${problem}`);
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || cases.length === 0 ? 1 : 0;
