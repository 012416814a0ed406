/** A line on the terminal that says how far a model is loaded, if that takes long enough to ask. */
import { subscribe } from "../support/events.ts";
import { printable } from "./terminal.ts";

/** Nothing is shown before. */
const patienceMs = 500;
const updateMs = 100;

/** Shows the line on a terminal until disposed of, then wipes it away. Silent anywhere else. */
export function showLoading(): Disposable {
  if (!process.stderr.isTTY) return { [Symbol.dispose]() {} };
  let nextMs = performance.now() + patienceMs;
  let shown = false;
  const stop = subscribe("sluice:load", ({ file, loadedBytes, totalBytes }) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + updateMs;
    shown = true;
    const percent = Math.floor((100 * loadedBytes) / totalBytes);
    process.stderr.write(`\r\x1b[Kloading ${printable(file)}: ${percent} %`);
  });
  return {
    [Symbol.dispose]() {
      stop();
      if (shown) process.stderr.write("\r\x1b[K");
    },
  };
}
