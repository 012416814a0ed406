/** The model that ships with the package: small enough to carry, trained enough to speak. */
import { fileURLToPath } from "node:url";

/** Right from `src/generation` and from `dist/generation` alike. */
export const embeddedModelPath: string = fileURLToPath(
  new URL("../../models/tiny-moe-q6_k.gguf", import.meta.url),
);

/** What `sluice run` asks it when no prompt is given; see models/README.md for what it answers well. */
export const embeddedModelPrompt = "What is a mixture of experts?";
