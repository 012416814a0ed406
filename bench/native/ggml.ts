/**
 * ggml's own kernels in this process, by the addon of `ggml.c`, compiled on first use. The libraries
 * are those of `node-llama-cpp`, which has one for each generation of x86:
 *
 *     npm i --no-save --prefix /tmp/peer @node-llama-cpp/linux-x64@3.22.1
 *     export GGML_DIR=/tmp/peer/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Addresses are byte offsets into `memory`; types are ggml's numbers. */
export interface GgmlAddon {
  /** Opens the libraries; throws if they are missing or of another version. */
  open(folder: string, library: string): void;
  /** Encodes `columns` f32 as the dot product with `type` wants them. */
  encode(memory: Uint8Array, type: number, source: number, output: number, columns: number): void;
  /** `rows` dot products with one encoded row, to f32 at `output`. */
  multiply(
    memory: Uint8Array,
    type: number,
    matrix: number,
    rows: number,
    columns: number,
    activations: number,
    output: number,
  ): void;
  /** CPU time of the calling thread, which waiting for a core does not lengthen. */
  threadMs(): number;
}

export interface Ggml {
  readonly addon: GgmlAddon;
  /** How another thread opens the same: see `openAddon`. */
  readonly place: GgmlPlace;
}

export interface GgmlPlace {
  readonly addonPath: string;
  readonly folder: string;
  /** Such as `libggml-cpu-haswell.so`. */
  readonly library: string;
}

/** ggml, or the reason why it cannot be had here. The addon's file lives as long as the process. */
export function openGgml(folder: string | undefined, library: string): Ggml | string {
  if (folder === undefined) return "GGML_DIR is not set";
  if (!existsSync(join(folder, library))) return `${folder} has no ${library}`;
  const built = mkdtempSync(join(tmpdir(), "sluice-ggml-"));
  process.once("exit", () => rmSync(built, { recursive: true }));
  const addonPath = join(built, "ggml.node");
  const source = fileURLToPath(new URL("ggml.c", import.meta.url));
  const compiler = process.env["CC"] ?? "cc";
  const run = spawnSync(compiler, ["-O2", "-shared", "-fPIC", source, "-o", addonPath]);
  if (run.error !== undefined) return `there is no C compiler "${compiler}"`;
  if (run.status !== 0) return `${compiler} fails on ${source}:\n${run.stderr}`;
  const place = { addonPath, folder, library };
  return { addon: openAddon(place), place };
}

/** The addon once more, in any thread. */
export function openAddon({ addonPath, folder, library }: GgmlPlace): GgmlAddon {
  const addon = createRequire(import.meta.url)(addonPath) as GgmlAddon;
  addon.open(folder, library);
  return addon;
}
