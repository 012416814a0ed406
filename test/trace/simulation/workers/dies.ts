/** A comparison's thread that ends in the middle of a replay. */
import { setTimeout as wait } from "node:timers/promises";

export default async function play(): Promise<never> {
  await wait(10);
  process.exit(3);
}
