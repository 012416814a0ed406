/** `sluice devices`: the GPUs of this machine, and its CPU. */
import { availableParallelism, totalmem } from "node:os";
import type { Command } from "commander";
import { compileKernels } from "../compute/cpu/wasmKernels.ts";
import { chooseAdapters, listAdapters } from "../compute/gpu/gpuAdapters.ts";
import { openDefaults } from "../generation/languageModel.ts";
import { availableMemory } from "../memory/availableMemory.ts";
import { OptionError } from "../support/errors.ts";
import { type CpuFacts, deviceLines } from "./deviceTable.ts";
import { batchOption, contextOption, keyValueOption } from "./engineOptions.ts";
import { addGpuPlaceOptions } from "./gpuOptions.ts";
import { filePath } from "./numberArguments.ts";
import { type PlacementFlags, type Placements, placementsOf } from "./placements.ts";
import { placementLines } from "./placementText.ts";
import { writeJson, writeResult } from "./terminal.ts";

interface DevicesFlags extends PlacementFlags {
  readonly model?: string;
  readonly json?: true;
}

export function addDevicesCommand(program: Command): void {
  const command = program
    .command("devices")
    .summary("list the GPUs of this machine, and what a model would put there")
    .description(
      "Lists the GPUs that can be used, with what counts for running a model on them: their memory " +
        "and how it was learned, the largest buffer, how much of a buffer a shader sees at once, and " +
        "what they can do. Says in a line why there is none. With --model, also what would lie where " +
        "if that model were run with the same options: on each GPU alone, or on those that --gpu names.",
    )
    .option("--json", "print JSON")
    .optionsGroup("Model:")
    .option("--model <file>", "a GGUF file; only its header is read", filePath)
    .addOption(contextOption())
    .addOption(batchOption())
    .addOption(keyValueOption(openDefaults.keyValueFormat));
  addGpuPlaceOptions(command);
  command
    .addHelpText(
      "after",
      `
GPUs are reached through WebGPU, by the optional package "webgpu". They are
tried in a process of their own, so that a driver that crashes does no harm.

Examples:
  $ sluice devices
  $ sluice devices --json
  $ sluice devices --model olmoe.gguf --vram 6GiB`,
    )
    .action(devices);
}

async function devices(flags: DevicesFlags, command: Command): Promise<void> {
  const { json, model } = flags;
  if (model === undefined) refuseModelFlags(command);
  const list = await listAdapters();
  const automatic = chooseAdapters("auto", list);
  const placements = model === undefined ? undefined : await placementsOf(model, list, flags);
  const cpu: CpuFacts = {
    threads: availableParallelism(),
    kernels: (await compileKernels()).build,
    ramBytes: totalmem(),
    freeRamBytes: availableMemory(),
  };
  if (json) {
    const auto = automatic.devices[0]?.name;
    const { adapters: gpus, broken } = list;
    const { obstacle } = automatic;
    await writeJson({ gpus, broken, auto, obstacle, cpu, ...placements });
    return;
  }
  const lines = deviceLines(list, automatic, cpu);
  if (placements !== undefined) lines.push(...textOf(placements));
  await writeResult(`${lines.join("\n")}\n`);
}

function textOf({ model, sizes, placements }: Placements): string[] {
  return placements.flatMap((placement) => ["", ...placementLines(model, placement, sizes)]);
}

/** Those that are typed; variables may be there for other commands. */
function refuseModelFlags(command: Command): void {
  const typed = command.options.find((option) => {
    const name = option.attributeName();
    return name !== "json" && command.getOptionValueSource(name) === "cli";
  });
  if (typed !== undefined) throw new OptionError(`${typed.long} does nothing without --model`);
}
