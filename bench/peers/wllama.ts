/**
 * wllama (llama.cpp as WebAssembly) in headless Chromium, answering passes. It takes text alone: the
 * prompt is printable ASCII, of which each byte is a token in the models of `models/makeModel.ts`,
 * and it goes on with its own likeliest tokens.
 *
 *     node bench/peers/wllama.ts MODEL THREADS CONTEXT WLLAMA_FOLDER PLAYWRIGHT_ENTRY CHROMIUM
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { servePage } from "./isolatedPage.ts";
import { fixedTokens } from "./pass.ts";
import { cpuMsBelow, mebibytesBelow } from "./processTree.ts";
import { servePasses } from "./servePasses.ts";

/** What is used of playwright-core's interface. */
interface Playwright {
  readonly chromium: {
    launchPersistentContext(folder: string, options: object): Promise<BrowserContext>;
  };
}
interface BrowserContext {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
interface Page {
  setDefaultTimeout(ms: number): void;
  goto(url: string): Promise<unknown>;
  waitForFunction(expression: string): Promise<unknown>;
  setInputFiles(selector: string, files: string[]): Promise<void>;
  evaluate<T>(expression: string): Promise<T>;
  exposeFunction(name: string, run: () => void): Promise<void>;
}

const html = `<!doctype html><input type="file" id="model"><script type="module">
import { Wllama } from "/package/index.js";
const silent = () => {};
const logger = { debug: silent, log: silent, warn: silent, error: silent };
const wllama = new Wllama({ default: "/package/wasm/wllama.wasm" }, { logger });
window.load = (options) => wllama.loadModel([...document.getElementById("model").files], options);
/** The milliseconds at which pieces came: one per token, and one that says it is over. */
window.run = async (prompt, max_tokens) => {
  const start = performance.now();
  const times = [];
  let promptTokens = 0;
  await wllama.createCompletion({
    prompt, max_tokens, temperature: 0, top_k: 1, ignore_eos: true, cache_prompt: false,
    stream: true, timings_per_token: true,
    onData({ timings }) {
      times.push(performance.now() - start);
      if (times.length === 1) window.prefilled();
      promptTokens = timings?.prompt_n ?? promptTokens;
    },
  });
  return { times, promptTokens };
};
window.ready = true;
</script>`;

const [
  model = "",
  threads = "2",
  context = "1024",
  folder = "",
  playwright = "",
  chromiumPath = "",
] = process.argv.slice(2);
const { chromium } = ((await import(pathToFileURL(playwright).href)) as { default: Playwright })
  .default;
using server = await servePage(html, folder);
const profile = mkdtempSync(join(tmpdir(), "wllama-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: chromiumPath,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(600_000);
  let prefilledCpuMs = 0;
  await page.exposeFunction("prefilled", () => {
    prefilledCpuMs = cpuMsBelow(process.pid);
  });
  await page.goto(server.url);
  await page.waitForFunction("window.ready");
  await page.setInputFiles("#model", [model]);
  let peakMiB = 0;
  /** Reading it takes the browser's time: once a second while it loads, then once a pass. */
  const look = () => {
    peakMiB = Math.max(peakMiB, Math.round(mebibytesBelow(process.pid)));
  };
  const looking = setInterval(look, 1000);
  await page.evaluate(`window.load(${JSON.stringify(loadOptions())}).then(() => undefined)`);
  clearInterval(looking);
  await servePasses(async ({ seed, promptTokens, generatedTokens }) => {
    const token = fixedTokens(seed, 94 + 10);
    const bytes = Array.from({ length: promptTokens }, () => 33 + token());
    const prompt = JSON.stringify(String.fromCharCode(...bytes));
    const cpuBegin = cpuMsBelow(process.pid);
    const { times, promptTokens: taken } = await page.evaluate<{
      times: number[];
      promptTokens: number;
    }>(`window.run(${prompt}, ${generatedTokens + 2})`);
    const decodeCpuMs = cpuMsBelow(process.pid) - prefilledCpuMs;
    if (Math.abs(taken - promptTokens) > 1 || times.length < generatedTokens + 2)
      throw new Error(`${taken} prompt tokens were read, ${times.length} pieces came`);
    look();
    return {
      prefillMs: times[0],
      tokenMs: Array.from({ length: generatedTokens }, (_, i) => times[i + 1] - times[i]),
      prefillCpuMs: prefilledCpuMs - cpuBegin,
      decodeCpuMs,
      peakMiB,
    };
  });
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}

/** On the processor, with as many threads as the others: its default would be half. */
function loadOptions(): object {
  return {
    n_threads: Number(threads),
    n_gpu_layers: 0,
    n_ctx: Number(context),
    n_batch: 512,
    n_ubatch: 512,
    n_parallel: 1,
    warmup: false,
  };
}
