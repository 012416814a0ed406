/** How often four eviction policies find an expert resident, on uses drawn by Zipf's law. */
import { createPolicy } from "sluice/policy";

const grid = { layerCount: 1, expertsPerLayer: 64 };
let state = 1;
const random = () => {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647;
};
for (const name of ["fifo", "lru", "slru", "lfu-decay"]) {
  const policy = createPolicy(name, { ...grid, capacity: 16 });
  let hitCount = 0;
  state = 1;
  for (let step = 0; step < 5000; step++) {
    const expert = Math.min(63, Math.floor(65 ** random()) - 1);
    const { hits, leased } = policy.access({ step, layer: 0, experts: [expert] });
    hitCount += hits.length;
    policy.release(leased);
  }
  console.log(name.padEnd(10), `${(hitCount / 50).toFixed(1)} %`);
}
