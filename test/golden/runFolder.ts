/** `npm run test:golden -- DIR`: compares every golden in a folder, of the families that exist. */
import { parseArgs } from "node:util";
import { compare, goldenCases } from "./golden.ts";

const families = ["llama", "olmoe", "qwen3moe"];
const { positionals } = parseArgs({ allowPositionals: true });
const [folder] = positionals;
if (folder === undefined) {
  console.error("usage: npm run test:golden -- DIR");
  process.exit(2);
}

const cases = goldenCases(folder, families);
let failed = 0;
for (const golden of cases) {
  const { logits, problems, ties } = await compare(golden);
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
