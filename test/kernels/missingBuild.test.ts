import { expect, test, vi } from "vitest";
import { compileKernels } from "../../src/compute/cpu/wasmKernels.ts";
import { SluiceError } from "../../src/support/errors.ts";

vi.mock("node:fs/promises", () => ({
  readFile: () => Promise.reject(new Error("ENOENT: no such file or directory")),
}));

test("kernels that were not built are missed with the way to build them", async () => {
  for (const build of ["relaxed", "plain"] as const) {
    const error: unknown = await compileKernels({ build }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({ code: "file-unreadable" });
    expect(String(error)).toMatch(/build\/kernels\.(relaxed\.)?wasm: run "npm run kernels" first$/);
  }
});
