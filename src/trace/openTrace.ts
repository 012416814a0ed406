/** Opens a trace of any kind; what a file is, its first bytes say and not its name. */
import { BadTraceError } from "../support/errors.ts";
import { isTraceFile, readTraceFile } from "./format/traceFile.ts";
import { aggregateReason } from "./import/aggregates.ts";
import { ByteReader } from "./import/byteReader.ts";
import { readJsonLines } from "./import/jsonLines.ts";
import { type NpyOptions, readNpy } from "./import/npy.ts";
import { isNpy } from "./import/npyHeader.ts";
import { isRouteTrace, readRouteTrace } from "./import/routeTraceCsv.ts";
import type { KeptColumns, RoutingTrace } from "./routingTrace.ts";
import {
  asBadTrace,
  checkedSource,
  collectTrace,
  type TraceContent,
  type TraceSource,
} from "./traceSource.ts";

export interface TraceSourceOptions extends NpyOptions {
  /** End a damaged file at its first damage, with a remark, instead of an error. @default false */
  readonly salvage?: boolean;
}

export interface OpenTraceOptions extends TraceSourceOptions, KeptColumns {}

/**
 * Reads a trace into memory: ours, route_trace v1, JSONL or `.npy`, also packed with gzip or zstd.
 * Weights, logits and lookahead are left out unless they are asked for.
 *
 * @throws BadTraceError if the file is damaged or is no trace; SluiceError `file-unreadable`;
 *   OptionError if an option contradicts the file
 */
export async function openTrace(
  path: string,
  options: OpenTraceOptions = {},
): Promise<RoutingTrace> {
  await using source = await openTraceSource(path, options);
  return await collectTrace(source, options);
}

/**
 * The same for reading record by record. Dispose of the source unless all records were read.
 *
 * @throws as `openTrace` does
 */
export async function openTraceSource(
  path: string,
  options: TraceSourceOptions = {},
): Promise<TraceSource> {
  await using opened = new AsyncDisposableStack();
  const reader = opened.use(await openReader(path));
  try {
    const source = checkedSource(
      reader,
      await readContent(reader, options),
      options.salvage ?? false,
    );
    opened.move(); // from here on the source closes it
    return source;
  } catch (error) {
    throw asBadTrace(error, path);
  }
}

async function openReader(path: string): Promise<ByteReader> {
  try {
    return await ByteReader.open(path);
  } catch (error) {
    throw asBadTrace(error, path);
  }
}

async function readContent(reader: ByteReader, options: NpyOptions): Promise<TraceContent> {
  const bytes = await reader.peek(4096);
  if (isTraceFile(bytes)) return readTraceFile(reader);
  const start = Buffer.from(bytes).toString("latin1"); // a character per byte
  if (isNpy(start)) return readNpy(reader, options);
  if (isRouteTrace(start)) return readRouteTrace(reader);
  const reason = aggregateReason(start) ?? unknownReason(start);
  if (reason !== undefined) throw new BadTraceError(reason, { file: reader.path });
  return readJsonLines(reader);
}

/** Why a file is nothing we read; `undefined` for JSON, which its reader judges. */
function unknownReason(start: string): string | undefined {
  if (start === "") return "the file is empty";
  if (start.startsWith("PK")) return "this is an archive; take the .npy file out of it";
  if (start.startsWith("turn,phase,step,")) {
    return 'the rows of a route_trace without its first lines ("# route_trace v1", "# model=…")';
  }
  if (start.trimStart().startsWith("{")) return undefined;
  return "this is no routing trace; known are .trace, route_trace v1 (CSV), JSONL and .npy";
}
