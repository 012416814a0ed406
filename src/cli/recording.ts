/** Recording of what routers choose, for `sluice trace`. A recording that fails ends no text. */
import { type Command, Option } from "commander";
import type { LanguageModel } from "../generation/languageModel.ts";
import { OptionError, SluiceError } from "../support/errors.ts";
import { type Compression, compressions } from "../trace/format/compression.ts";
import { TraceRecorder } from "../trace/traceRecorder.ts";
import { filePath } from "./numberArguments.ts";
import { checkWritable } from "./outputFile.ts";
import { bytesText } from "./quantities.ts";
import { aside, note, printable } from "./terminal.ts";

/** As Commander gives them. */
export interface RecordFlags {
  readonly record?: string;
  readonly recordCompression?: Compression;
  readonly recordLogits?: true;
}

export function addRecordOptions(command: Command): void {
  command
    .optionsGroup("Recording:")
    .option("--record <file>", "record what the routers choose (docs/traces.md)", filePath)
    .addOption(
      new Option(
        "--record-compression <name>",
        "how the record's blocks are packed (default: none)",
      ).choices(compressions),
    )
    .option("--record-logits", "record the routers' logits as well: a number per expert");
}

/**
 * Refuses before the model is loaded what would fail after it.
 *
 * @throws OptionError for flags that need --record, or a path that is a model; SluiceError
 *   `file-unwritable`
 */
export function checkRecordFlags({ record, recordCompression, recordLogits }: RecordFlags): void {
  if (record !== undefined) {
    checkWritable(record);
    return;
  }
  if (recordCompression === undefined && recordLogits === undefined) return;
  const flag = recordLogits ? "--record-logits" : "--record-compression";
  throw new OptionError(`${flag} does nothing without --record`);
}

/** Records all that a model does from its making until it is finished, or the process ends. */
export class Recording implements Disposable {
  readonly #path: string;
  readonly #recorder: TraceRecorder;
  readonly #atExit = () => this.#recorder[Symbol.dispose]();
  #failed = false;

  /** @throws SluiceError `file-unwritable`; OptionError for a model without experts */
  constructor(
    model: LanguageModel,
    path: string,
    { recordCompression, recordLogits }: RecordFlags,
  ) {
    if (model.expertLayers.length === 0) {
      throw new OptionError(`${model.name} has no experts: there is nothing to --record`);
    }
    this.#path = path;
    this.#recorder = new TraceRecorder(path, model, {
      ...(recordCompression === undefined ? {} : { compression: recordCompression }),
      ...(recordLogits === undefined ? {} : { logits: recordLogits }),
      onFailure: ({ message }) => {
        this.#failed = true;
        note(`sluice: ${printable(message)}; going on without recording`);
      },
    });
    process.once("exit", this.#atExit);
  }

  /** Says what there is. @throws SluiceError `file-unwritable` if the recording is not whole */
  finish(): void {
    this[Symbol.dispose]();
    if (this.#failed) {
      throw new SluiceError("file-unwritable", `${this.#path} is incomplete: its recording failed`);
    }
    const { recordCount, fileBytes } = this.#recorder;
    aside(
      printable(
        `recorded ${recordCount} router decisions in ${this.#path}, ${bytesText(fileBytes)}`,
      ),
    );
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#atExit);
    this.#recorder[Symbol.dispose]();
  }
}
