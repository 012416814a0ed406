/**
 * Who can be measured, and how each is started. The peers are no dependencies of the project:
 *
 *     npm i --no-save --prefix DIR node-llama-cpp@3.22.1 @wllama/wllama@3.8.1 playwright-core
 *
 * and DIR is named by `--peers-dir` or SLUICE_PEERS. libllama is what node-llama-cpp brings, driven by
 * a small C program; wllama needs a Chromium (CHROMIUM, or /usr/bin/chromium). Who is missing is
 * skipped, and that is said.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineCommand } from "./engineProcess.ts";

export interface EngineSetting {
  readonly model: string;
  readonly threads: number;
  readonly contextLength: number;
  /** Where the peers were installed, if anywhere. */
  readonly peersDir: string | undefined;
}

/** Why an engine cannot run here. */
class Missing extends Error {}

type Command = Omit<EngineCommand, "name">;

/** A file of more cannot be loaded into 4 GiB of memory together with all else. */
const wllamaLimit = 3.9e9;

export class EngineCatalogue implements Disposable {
  readonly #setting: EngineSetting;
  readonly #commands: Readonly<Record<string, () => Command>>;
  /** Folder of what was compiled; gone when disposed of. */
  #programs: string | undefined;

  constructor(setting: EngineSetting) {
    this.#setting = setting;
    this.#commands = {
      sluice: () => this.#sluice({}),
      "sluice-eager": () => this.#sluice({ load: "eager" }),
      "sluice-lazy": () => this.#sluice({ load: "lazy" }),
      "node-llama-cpp": () => this.#nodeLlamaCpp(),
      libllama: () => this.#libllama(),
      // Weights laid out anew for AVX2 when loaded: faster, and most of them twice in memory.
      "libllama-repack": () => this.#libllama("repack"),
      wllama: () => this.#wllama(),
    };
  }

  /**
   * How to start an engine; `undefined`, and a line that says why, if it cannot be. `sluice@DIR` is
   * this engine as another checkout has it.
   *
   * @throws RangeError for a name nobody has
   */
  find(name: string): EngineCommand | undefined {
    const [, checkout] = /^sluice@(.+)$/.exec(name) ?? [];
    const command =
      checkout === undefined
        ? this.#commands[name]
        : () => this.#sluice({ load: "eager" }, join(checkout, "bench/peers/sluice.ts"));
    if (command === undefined)
      throw new RangeError(`"${name}" is none of ${Object.keys(this.#commands).join(", ")}`);
    try {
      return { name, ...command() };
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      console.error(`${name} is skipped: ${error.message}`);
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    if (this.#programs !== undefined) rmSync(this.#programs, { recursive: true });
  }

  #sluice(options: object, program = source("sluice.ts")): Command {
    return { command: [process.execPath, program, ...this.#work, JSON.stringify(options)] };
  }

  #nodeLlamaCpp(): Command {
    const entry = this.#installed("node-llama-cpp/dist/index.js");
    return { command: [process.execPath, source("nodeLlamaCpp.ts"), ...this.#work, entry] };
  }

  #libllama(...words: string[]): Command {
    const library = "@node-llama-cpp/linux-x64/bins/linux-x64/libllama.v0.5.0.so";
    const libraries = dirname(this.#installed(library));
    const [model, threads, context] = this.#work;
    return {
      command: [this.#compiled(libraries), model, threads, "serve", context, ...words],
      environment: { GGML_DIR: libraries },
    };
  }

  #wllama(): Command {
    const folder = this.#installed("@wllama/wllama/esm");
    const playwright = this.#installed("playwright-core/index.js");
    const chromium = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
    if (!existsSync(chromium))
      throw new Missing(`there is no ${chromium}; CHROMIUM may name another`);
    if (statSync(this.#setting.model).size > wllamaLimit)
      throw new Missing("its memory ends at 4 GiB, which the model does not fit into");
    const words = [...this.#work, folder, playwright, chromium];
    return { command: [process.execPath, source("wllama.ts"), ...words] };
  }

  #compiled(libraries: string): string {
    this.#programs ??= mkdtempSync(join(tmpdir(), "sluice-bench-"));
    const program = join(this.#programs, "libllama");
    if (existsSync(program)) return program;
    const names = ["libllama.v0.5.0.so", "libggml.v0.5.0.so", "libggml-base.so"];
    const objects = names.map((name) => join(libraries, name));
    const words = [source("../native/libllama.c"), "-o", program, `-Wl,-rpath,${libraries}`];
    try {
      execFileSync("cc", ["-O2", ...words, ...objects]);
    } catch (cause) {
      throw new Missing(`bench/native/libllama.c does not compile here: ${String(cause)}`);
    }
    return program;
  }

  #installed(path: string): string {
    const { peersDir } = this.#setting;
    if (peersDir === undefined)
      throw new Missing("no --peers-dir or SLUICE_PEERS says where it is");
    const file = join(peersDir, "node_modules", path);
    if (!existsSync(file)) throw new Missing(`there is no ${file}`);
    return file;
  }

  /** The first arguments of every engine. */
  get #work(): [model: string, threads: string, context: string] {
    const { model, threads, contextLength } = this.#setting;
    return [model, String(threads), String(contextLength)];
  }
}

function source(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
