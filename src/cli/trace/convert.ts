/** `sluice trace convert`: the same trace in another format, smaller, or mended. */
import { extname } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import { type Command, Option } from "commander";
import { OptionError } from "../../support/errors.ts";
import {
  type Compression,
  compressions,
  jsonLinesText,
  openTraceSource,
  routeTraceText,
  type TraceSource,
  traceFileBytes,
  withoutWeights,
} from "../../trace/index.ts";
import { AtomicFile } from "../atomicFile.ts";
import { bytesText } from "../quantities.ts";
import { note, printable, showProgress } from "../terminal.ts";
import {
  addSourceOptions,
  type SourceFlags,
  sayRemarks,
  sourceOptionsOf,
} from "./sourceOptions.ts";

const targetKinds = ["trace", "jsonl", "csv"] as const;
type TargetKind = (typeof targetKinds)[number];

interface ConvertFlags extends SourceFlags {
  readonly to?: TargetKind;
  readonly compression?: Compression;
  readonly weights: boolean;
}

export function addTraceConvertCommand(group: Command): void {
  const command = group
    .command("convert")
    .summary("convert, pack or mend a trace")
    .description(
      "Writes a trace of any kind that sluice reads as .trace, JSONL or route_trace v1 (CSV). OUT " +
        "appears whole or not at all.",
    )
    .argument("<in>", "the trace")
    .argument("<out>", "the file to write; its extension says as what")
    .addOption(
      new Option("--to <kind>", "what to write, whatever the extension").choices(targetKinds),
    )
    .addOption(
      new Option(
        "--compression <name>",
        "of the blocks of a .trace, of a text as a whole (default: zstd for a .trace, else by extension)",
      ).choices(compressions),
    )
    .option("--no-weights", "leave out the weights of the experts");
  addSourceOptions(command)
    .addHelpText(
      "after",
      `
CSV has no place for router logits and lookahead, nor for where a pass of
several tokens ends.

Examples:
  $ sluice trace convert qwen.route.csv qwen.trace
  $ sluice trace convert run.trace run.jsonl.gz
  $ sluice trace convert cut-off.trace mended.trace --salvage`,
    )
    .action(convert);
}

async function convert(input: string, output: string, flags: ConvertFlags): Promise<void> {
  const target = targetOf(output, flags);
  await using opened = await openTraceSource(input, sourceOptionsOf(flags));
  const source = flags.weights ? opened : withoutWeights(opened);
  await using file = await AtomicFile.create(output);
  using progress = showProgress();
  let written = 0;
  await pipeline(Readable.from(bytesOf(source, target)), packerOf(target), async (packed) => {
    for await (const piece of packed as AsyncIterable<Uint8Array>) {
      await file.write(piece);
      written += piece.length;
      progress.update(`${bytesText(written)} written`);
    }
  });
  await file.finish();
  progress.update("");
  sayRemarks(source);
  note(printable(`wrote ${output}, ${bytesText(written)}`));
}

interface Target {
  readonly kind: TargetKind;
  readonly compression: Compression;
}

function targetOf(path: string, flags: ConvertFlags): Target {
  const packing = { ".gz": "gzip", ".zst": "zstd" }[extname(path)] as Compression | undefined;
  const name = packing === undefined ? path : path.slice(0, -extname(path).length);
  const kind = flags.to ?? targetKinds.find((known) => extname(name) === `.${known}`);
  if (kind === undefined) {
    throw new OptionError(
      `what should ${path} be? Name it .trace, .jsonl or .csv, or say it with --to`,
    );
  }
  const usual = packing ?? (kind === "trace" ? "zstd" : "none");
  return { kind, compression: flags.compression ?? usual };
}

function bytesOf(source: TraceSource, { kind, compression }: Target): AsyncIterable<unknown> {
  switch (kind) {
    case "trace":
      return traceFileBytes(source, compression);
    case "jsonl":
      return jsonLinesText(source);
    case "csv":
      return routeTraceText(source);
  }
}

/** A trace packs its blocks itself, so that it can be read in part. */
function packerOf({ kind, compression }: Target): NodeJS.ReadWriteStream {
  if (kind === "trace" || compression === "none") return new PassThrough();
  return compression === "gzip" ? createGzip() : createZstdCompress();
}
