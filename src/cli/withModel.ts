/** A model opened for a command, and the files that are kept about its experts. */
import { extname } from "node:path";
import { embeddedModelPath } from "../generation/embeddedModel.ts";
import type { LanguageModel } from "../generation/languageModel.ts";
import { SluiceError } from "../support/errors.ts";
import { type EngineFlags, openOptionsOf } from "./engineOptions.ts";
import { cliffOf, cycleBytes, expertFigures } from "./expertFigures.ts";
import { expertStatsJson, expertStatsText } from "./expertReport.ts";
import { ExpertWatch } from "./expertWatch.ts";
import { openChoosingGpus, tellRemarks } from "./gpuChoice.ts";
import { ramReport } from "./gpuFigures.ts";
import { badHeat, type Heat, heatText, readHeat } from "./heatFile.ts";
import { Interruption } from "./interruption.ts";
import { showLoading } from "./loadingLine.ts";
import { OutputFile } from "./outputFile.ts";
import { bytesText } from "./quantities.ts";
import { checkRecordFlags, type RecordFlags, Recording } from "./recording.ts";
import { jsonText, note, printable } from "./terminal.ts";

/** What a command works with. */
export interface OpenedModel {
  readonly model: LanguageModel;
  readonly watch: ExpertWatch;
  /** From opening the file to the model ready. */
  readonly loadMs: number;
}

export interface ModelRequest {
  /** @default the embedded model */
  readonly path: string | undefined;
  /** Commands that do not record have no flags for it. */
  readonly flags: EngineFlags & RecordFlags;
  /** Ends the loading. @default Ctrl-C does, while it lasts */
  readonly signal?: AbortSignal;
}

/**
 * Opens a model and does the work with it. However that ends, the files that the flags name are
 * written then; of several errors the first is thrown, the others are said.
 *
 * @throws SluiceError as `openModel`, and for files that cannot be read or written
 */
export async function withModel(
  request: ModelRequest,
  work: (opened: OpenedModel) => Promise<void>,
): Promise<void> {
  const { flags } = request;
  checkRecordFlags(flags);
  const heat = flags.heat === undefined ? undefined : await readHeat(flags.heat);
  using heatFile = flags.heat === undefined ? undefined : new OutputFile(flags.heat);
  using statsFile =
    flags.expertStats === undefined || flags.expertStats === "-"
      ? undefined
      : new OutputFile(flags.expertStats);

  const start = performance.now();
  await using model = await open(request, heat);
  const loadMs = performance.now() - start;
  using _remarks = tellRemarks(model);
  warnOfCliff(model);
  using watch = new ExpertWatch(model);
  using recording =
    flags.record === undefined ? undefined : new Recording(model, flags.record, flags);
  heatFile?.follow(() => heatText(model));
  statsFile?.follow(() => expertStats(flags.expertStats, model, watch));

  const ending = [
    () => {
      if (flags.expertStats === "-") note(expertStats("-", model, watch).trimEnd());
    },
    () => recording?.finish(),
    () => heatFile?.finish(),
    () => statsFile?.finish(),
  ];
  await endedWell(() => work({ model, watch, loadMs }), ending);
}

async function open(
  { path = embeddedModelPath, flags, signal }: ModelRequest,
  heat: Heat | undefined,
): Promise<LanguageModel> {
  using interruption = signal === undefined ? new Interruption() : undefined;
  using _loading = showLoading();
  const options = openOptionsOf(flags, signal ?? interruption?.signal, heat?.profile);
  let model: LanguageModel;
  try {
    model = await openChoosingGpus(path, options, flags);
  } catch (error) {
    throw heat === undefined ? error : badHeat(heat.path, error);
  }
  if (heat?.model !== undefined && heat.model !== model.name) {
    const names = `${heat.path} is of ${heat.model}, not of ${model.name}`;
    note(`sluice: ${printable(names)}; its heat may not fit`);
  }
  return model;
}

/** All steps of the ending are taken, whatever the work or a step before came to. */
async function endedWell(
  work: () => Promise<void>,
  ending: readonly (() => void)[],
): Promise<void> {
  const failures: unknown[] = [];
  for (const step of [work, ...ending]) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  const [first, ...others] = failures;
  for (const error of others) {
    if (!(error instanceof SluiceError)) throw error;
    note(`sluice: ${printable(error.message)}`);
  }
  if (first !== undefined) throw first;
}

/** Too few slots to be of use are better known before than after. */
function warnOfCliff(model: LanguageModel): void {
  const { slots, experts, slotBytes, budgetBytes } = ramReport(model);
  const { status, requiredSlots, hitsNothing, advice } = cliffOf(model);
  if (slots >= experts || status === "Ok") return;
  // Slots for experts that are not kept make it a little more than it would have to be.
  const missing = ((Math.min(requiredSlots, experts) - slots) * slotBytes) / slots;
  note(
    `sluice: ${advice} Each token will read ${hitsNothing ? "all" : "most"} of its experts anew, ` +
      `${bytesText(cycleBytes(model))}; --ram ${Math.ceil((budgetBytes + missing) / 2 ** 20)}MiB would do.`,
  );
}

function expertStats(path: string | undefined, model: LanguageModel, watch: ExpertWatch): string {
  const figures = expertFigures(model, watch.tally());
  if (path !== undefined && extname(path) === ".json")
    return jsonText(expertStatsJson(model.name, figures));
  return expertStatsText(model.name, figures);
}
