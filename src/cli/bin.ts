#!/usr/bin/env node
/**
 * The program `sluice`. It holds only what any Node can parse: an old one must be able to say that
 * it is too old, so everything else is imported after the check.
 */
export {};

/** The same as `engines` in package.json. */
const oldestNode = 24;

if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  console.error(
    `sluice: needs Node ${oldestNode} or newer, this is Node ${process.versions.node} (https://nodejs.org)`,
  );
  process.exitCode = 1;
} else {
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
}
