/** `general.architecture` to the family that reads it. Adding a family is adding a line here. */
import { SluiceError } from "../../support/errors.ts";
import { quoted } from "../../support/quoted.ts";
import type { Architecture } from "../architecture.ts";
import { llama } from "./llama.ts";
import { olmoe } from "./olmoe.ts";
import { qwen3moe } from "./qwen3moe.ts";

const architectures: Readonly<Record<string, Architecture>> = { llama, olmoe, qwen3moe };

/** @throws SluiceError `unsupported-architecture`, naming those that are supported */
export function architectureOf(name: string, file: string): Architecture {
  const architecture = Object.hasOwn(architectures, name) ? architectures[name] : undefined;
  if (architecture !== undefined) return architecture;
  const known = Object.keys(architectures).join(", ");
  throw new SluiceError(
    "unsupported-architecture",
    `${file} is a ${quoted(name)} model; Sluice runs ${known}`,
  );
}
