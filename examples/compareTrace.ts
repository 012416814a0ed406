/** Records what a model routes, and asks what other policies would have made of it. */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openModel } from "sluice";
import { compareTrace, openTrace, TraceRecorder } from "sluice/trace";

const path = join(tmpdir(), `example-${process.pid}.trace`);
{
  await using model = await openModel();
  using _recorder = new TraceRecorder(path, model);
  for await (const _ of model.generate("Once upon a time", { maxTokens: 64, seed: 1 }));
}
const rows = await compareTrace(await openTrace(path), {
  policies: ["lru", "cycle-burst", "belady"],
  capacities: [{ cycles: 1 }, { cycles: 2 }],
});
for (const { policy, slots, hitRate } of rows) {
  console.log(`${policy} with ${slots} slots: ${(100 * hitRate.decode).toFixed(1)} % hits`);
}
rmSync(path);
