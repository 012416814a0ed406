/**
 * A trace as it is read: the header first, then one record after the other, so that a file larger
 * than memory can be looked at or converted. Readers of all kinds of files end here: what they have
 * in common is checking each record, and what happens at the first bad one.
 */
import { BadTraceError } from "../support/errors.ts";
import { headerFault, recordFault } from "./recordCheck.ts";
import { type KeptColumns, type RoutingTrace, RoutingTraceBuilder } from "./routingTrace.ts";
import type { TraceHeader } from "./traceHeader.ts";
import type { TraceRecord } from "./traceRecord.ts";

/** Kinds of files that hold a trace. */
export type TraceKind = "trace" | "route_trace" | "npy" | "jsonl";

export interface TraceSource extends AsyncDisposable {
  readonly path: string;
  readonly kind: TraceKind;
  readonly header: TraceHeader;
  /** What was assumed, or is missing, in sentences; complete only after the last record. */
  readonly remarks: readonly string[];
  /**
   * All records in order, once; closes the file afterwards.
   *
   * @throws BadTraceError at the first damage, unless the source was opened to salvage
   */
  records(): AsyncGenerator<TraceRecord, void, undefined>;
}

/** What a reader of one kind of file makes of it. */
export interface TraceContent {
  readonly kind: TraceKind;
  readonly header: TraceHeader;
  /** Not yet checked against the header. It may add to `remarks`. */
  readonly records: AsyncGenerator<TraceRecord, void, undefined>;
  readonly remarks: string[];
}

/** Thrown by readers, which know what is wrong and where but not how much came before it. */
export class TraceDamage extends Error {
  readonly offset: number | undefined;

  constructor(reason: string, offset?: number, options?: ErrorOptions) {
    super(reason, options);
    this.offset = offset;
  }
}

export interface TraceFile extends AsyncDisposable {
  readonly path: string;
}

/**
 * Joins a file and what its reader made of it.
 *
 * @param salvage at the first damage end with a remark instead of an error
 */
export function checkedSource(
  file: TraceFile,
  content: TraceContent,
  salvage: boolean,
): TraceSource {
  const { kind, header, remarks } = content;
  const fault = headerFault(header);
  if (fault !== undefined) throw new BadTraceError(`header: ${fault}`, { file: file.path });
  const close = () => file[Symbol.asyncDispose]();
  return { path: file.path, kind, header, remarks, records, [Symbol.asyncDispose]: close };

  async function* records(): AsyncGenerator<TraceRecord, void, undefined> {
    let good = 0;
    try {
      for await (const record of content.records) {
        const fault = recordFault(header, record);
        if (fault !== undefined) throw new TraceDamage(`record ${good}: ${fault}`);
        good++;
        yield record;
      }
    } catch (error) {
      if (!(error instanceof TraceDamage)) throw error;
      const damage = asBadTrace(error, file.path, good);
      if (!salvage) throw damage;
      remarks.push(`salvaged the ${good} records before this damage: ${error.message}`);
    } finally {
      await close();
    }
  }
}

/** The error for callers; any other error stays what it is. */
export function asBadTrace(error: unknown, file: string, goodRecords?: number): unknown {
  if (!(error instanceof TraceDamage)) return error;
  return new BadTraceError(error.message, {
    file,
    cause: error.cause,
    ...(error.offset === undefined ? {} : { offset: error.offset }),
    ...(goodRecords === undefined ? {} : { goodRecords }),
  });
}

/** Reads the rest of a source into memory, without the optional columns unless they are asked for. */
export async function collectTrace(
  source: TraceSource,
  keep: KeptColumns = {},
): Promise<RoutingTrace> {
  const builder = new RoutingTraceBuilder(source.header, keep);
  for await (const record of source.records()) builder.add(record);
  return builder.build();
}
