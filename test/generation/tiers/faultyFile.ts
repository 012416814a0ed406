/** A model file that does what a test wants it to before each read of experts. */
import { type GgufFile, openGguf, type TensorInfo } from "../../../src/gguf/ggufFile.ts";

export interface FaultyFile {
  readonly file: GgufFile;
  /** Called before each read of experts; it may wait, and throw what the read is to throw. */
  onRead: (tensor: TensorInfo) => Promise<void>;
  /** Reads of experts so far. */
  reads: number;
}

export async function openFaulty(path: string): Promise<FaultyFile> {
  const file = await openGguf(path);
  const faulty: FaultyFile = { file, onRead: async () => undefined, reads: 0 };
  const read = file.read.bind(file);
  file.read = async (tensor, byteOffset, target) => {
    if (tensor.name.includes("_exps")) {
      faulty.reads++;
      await faulty.onRead(tensor);
    }
    await read(tensor, byteOffset, target);
  };
  return faulty;
}

/** A door that everybody waits at until it is opened. */
export function gate(): { readonly wait: () => Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { wait: () => promise, open: resolve };
}
