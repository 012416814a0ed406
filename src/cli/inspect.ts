/** `sluice inspect`: what a file's header says of its model, and what it would need. */
import type { Command } from "commander";
import { matvecKernels } from "../compute/cpu/wasmKernels.ts";
import { embeddedModelPath } from "../generation/embeddedModel.ts";
import { openDefaults } from "../generation/languageModel.ts";
import { type GgufFile, openGguf, type TensorInfo } from "../gguf/ggufFile.ts";
import { describeModel } from "../model/describe.ts";
import { descriptionLines, tensorLines } from "./descriptionText.ts";
import { writeJson, writeResult } from "./terminal.ts";

interface InspectFlags {
  readonly tensors?: true;
  readonly json?: true;
}

export function addInspectCommand(program: Command): void {
  program
    .command("inspect")
    .summary("describe a model file")
    .description(
      "Describes a model from the header of its file: parameters, layers, experts, formats, and the " +
        "memory it needs. Reads no weights, so it also describes models that are too large, or of " +
        "families that sluice does not run. Without MODEL, it describes the one that comes with sluice.",
    )
    .argument("[model]", "a GGUF file; any one of a split model")
    .option("--tensors", "list the tensors as well")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
The token cycle T is what one token asks of the experts: the router's choice in
every layer.

Examples:
  $ sluice inspect
  $ sluice inspect olmoe.gguf --tensors
  $ sluice inspect big-00001-of-00003.gguf --json`,
    )
    .action(inspect);
}

async function inspect(path: string | undefined, { tensors, json }: InspectFlags): Promise<void> {
  await using file = await openGguf(path ?? embeddedModelPath);
  const description = describeModel(file, {
    hasKernel: (format) => matvecKernels[format] !== undefined,
    contextLengthLimit: openDefaults.contextLengthLimit,
  });
  if (json) {
    await writeJson({ ...description, ...(tensors ? { tensors: tensorRows(file) } : {}) });
    return;
  }
  const lines = descriptionLines(description);
  if (tensors) lines.push("", ...tensorLines([...file.tensors.values()]));
  await writeResult(`${lines.join("\n")}\n`);
}

function tensorRows(file: GgufFile): object[] {
  return [...file.tensors.values()].map(
    ({ name, shape, format, byteLength, shard, offset }: TensorInfo) => {
      return { name, shape, format: format.name, bytes: byteLength, file: shard, offset };
    },
  );
}
