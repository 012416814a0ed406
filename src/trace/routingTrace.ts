/**
 * A whole routing trace in memory, column by column: a router decision costs two bytes per expert
 * and some twenty per record, so 48 layers x 10 thousand tokens x top-8 take about 20 MB. The columns
 * lie in shared memory: worker threads read the same ones.
 */
import { BadTraceError } from "../support/errors.ts";
import { GrowingColumn } from "./growingColumn.ts";
import { headerFault, mostTokens, recordFault } from "./recordCheck.ts";
import type { TraceHeader } from "./traceHeader.ts";
import type { Phase, TraceRecord } from "./traceRecord.ts";

/** Codes of {@link TraceColumns.phase}. */
export const phaseNames: readonly ["prefill", "decode"] = ["prefill", "decode"];

/**
 * A trace's records as typed arrays. A "row" is one token in one layer: record `i` has the rows
 * `begin[i]` to `begin[i + 1] - 1`.
 */
export interface TraceColumns {
  /** `[records]` */
  readonly sequence: Uint32Array;
  /** `[records]`: index into {@link phaseNames}. */
  readonly phase: Uint8Array;
  /** `[records]` */
  readonly position: Uint32Array;
  /** `[records]` */
  readonly layer: Uint16Array;
  /** `[records + 1]`: first row of each record, then the number of all rows. */
  readonly begin: Uint32Array;
  /** `[rows, expertsPerToken]` */
  readonly experts: Uint16Array;
  /** `[rows, expertsPerToken]` */
  readonly weights?: Float32Array | undefined;
  /** `[rows, expertsPerLayer]` */
  readonly logits?: Float32Array | undefined;
  /** `[records]`: which row of `lookahead` belongs to the record, -1 for none. */
  readonly lookaheadRow?: Int32Array | undefined;
  /** `[records with a lookahead, expertsPerLayer]` */
  readonly lookahead?: Float32Array | undefined;
}

/** What `postMessage` takes: a plain object whose columns are shared, not copied. */
export interface TransferableTrace {
  readonly header: TraceHeader;
  readonly columns: TraceColumns;
}

export class RoutingTrace implements Iterable<TraceRecord> {
  /** Says of weights and logits whether this object has them, not whether its file does. */
  readonly header: TraceHeader;
  /** For loops that must be fast; nobody writes to them. */
  readonly columns: TraceColumns;
  /** One record is one layer in one forward pass. */
  readonly recordCount: number;

  /** Use `RoutingTraceBuilder`, or `openTrace` for a file. */
  constructor(header: TraceHeader, columns: TraceColumns) {
    this.header = header;
    this.columns = columns;
    this.recordCount = columns.layer.length;
  }

  /** The trace that another thread's {@link transferable} gave, on the same memory. */
  static fromTransferable({ header, columns }: TransferableTrace): RoutingTrace {
    return new RoutingTrace(header, columns);
  }

  transferable(): TransferableTrace {
    return { header: this.header, columns: this.columns };
  }

  /** Views of record `index`; they stay valid. */
  record(index: number): TraceRecord {
    if (!(Number.isInteger(index) && index >= 0 && index < this.recordCount)) {
      throw new RangeError(`record ${index} of ${this.recordCount}`);
    }
    const { columns } = this;
    const { expertsPerToken, expertsPerLayer } = this.header;
    const begin = at(columns.begin, index);
    const end = at(columns.begin, index + 1);
    const rows = <T extends Uint16Array | Float32Array>(column: T, width: number) =>
      column.subarray(begin * width, end * width) as T;
    const guess = columns.lookaheadRow?.[index] ?? -1;
    return {
      sequence: at(columns.sequence, index),
      phase: phaseNames[columns.phase[index] === 0 ? 0 : 1],
      position: at(columns.position, index),
      layer: at(columns.layer, index),
      tokens: end - begin,
      experts: rows(columns.experts, expertsPerToken),
      ...(columns.weights && { weights: rows(columns.weights, expertsPerToken) }),
      ...(columns.logits && { logits: rows(columns.logits, expertsPerLayer) }),
      ...(columns.lookahead &&
        guess >= 0 && {
          lookahead: columns.lookahead.subarray(
            guess * expertsPerLayer,
            (guess + 1) * expertsPerLayer,
          ),
        }),
    };
  }

  /** All records in the order in which they were routed. */
  *[Symbol.iterator](): Generator<TraceRecord, void, undefined> {
    for (let index = 0; index < this.recordCount; index++) yield this.record(index);
  }

  /**
   * Tokens that were processed, of one phase or of both. A trace that ends within a forward pass
   * counts the layer that got farthest.
   */
  tokenCount(phase?: Phase): number {
    const { columns } = this;
    const perLayer = new Float64Array(this.header.layerCount);
    for (let index = 0; index < this.recordCount; index++) {
      if (phase !== undefined && phaseNames[columns.phase[index] === 0 ? 0 : 1] !== phase) continue;
      const layer = at(columns.layer, index);
      perLayer[layer] =
        at(perLayer, layer) + at(columns.begin, index + 1) - at(columns.begin, index);
    }
    return perLayer.reduce((most, count) => Math.max(most, count), 0);
  }
}

/** Optional columns; what is not kept costs no memory. */
export interface KeptColumns {
  /** @default false */
  readonly weights?: boolean;
  /** @default false */
  readonly logits?: boolean;
  /** @default false */
  readonly lookahead?: boolean;
}

/** Collects records, in any number, into a {@link RoutingTrace}. */
export class RoutingTraceBuilder {
  readonly header: TraceHeader;
  readonly #given: TraceHeader;
  readonly #sequence = new GrowingColumn((buffer) => new Uint32Array(buffer));
  readonly #phase = new GrowingColumn((buffer) => new Uint8Array(buffer));
  readonly #position = new GrowingColumn((buffer) => new Uint32Array(buffer));
  readonly #layer = new GrowingColumn((buffer) => new Uint16Array(buffer));
  readonly #begin = new GrowingColumn((buffer) => new Uint32Array(buffer));
  readonly #experts = new GrowingColumn((buffer) => new Uint16Array(buffer));
  readonly #weights: GrowingColumn<Float32Array> | undefined;
  readonly #logits: GrowingColumn<Float32Array> | undefined;
  readonly #lookahead: GrowingColumn<Float32Array> | undefined;
  readonly #lookaheadRow = new GrowingColumn((buffer) => new Int32Array(buffer));
  #rowCount = 0;

  /**
   * @param header what the records that will be added hold
   * @throws BadTraceError if no trace can have this header
   */
  constructor(header: TraceHeader, keep: KeptColumns = {}) {
    const fault = headerFault(header);
    if (fault !== undefined) throw new BadTraceError(fault);
    const { weights = false, logits = false, lookahead = false } = keep;
    this.#given = header;
    this.header = {
      ...header,
      hasWeights: weights && header.hasWeights,
      hasLogits: logits && header.hasLogits,
    };
    const floats = () => new GrowingColumn((buffer) => new Float32Array(buffer));
    this.#weights = this.header.hasWeights ? floats() : undefined;
    this.#logits = this.header.hasLogits ? floats() : undefined;
    this.#lookahead = lookahead ? floats() : undefined;
    this.#begin.push(0);
  }

  get recordCount(): number {
    return this.#layer.length;
  }

  /**
   * Copies the record's values.
   *
   * @throws BadTraceError if the record contradicts the header; nothing of it is added then
   */
  add(record: TraceRecord): void {
    const fault = recordFault(this.#given, record) ?? this.#rowFault(record.tokens);
    if (fault !== undefined) throw new BadTraceError(`record ${this.recordCount}: ${fault}`);
    this.#sequence.push(record.sequence);
    this.#phase.push(phaseNames.indexOf(record.phase));
    this.#position.push(record.position);
    this.#layer.push(record.layer);
    this.#rowCount += record.tokens;
    this.#begin.push(this.#rowCount);
    this.#experts.append(record.experts);
    if (record.weights) this.#weights?.append(record.weights);
    if (record.logits) this.#logits?.append(record.logits);
    this.#addLookahead(record.lookahead);
  }

  /** The trace so far, in memory of its own; more records may be added afterwards. */
  build(): RoutingTrace {
    const lookahead = this.#lookahead;
    return new RoutingTrace(this.header, {
      sequence: this.#sequence.shared(),
      phase: this.#phase.shared(),
      position: this.#position.shared(),
      layer: this.#layer.shared(),
      begin: this.#begin.shared(),
      experts: this.#experts.shared(),
      weights: this.#weights?.shared(),
      logits: this.#logits?.shared(),
      ...(lookahead && {
        lookaheadRow: this.#lookaheadRow.shared(),
        lookahead: lookahead.shared(),
      }),
    });
  }

  #addLookahead(values: Float32Array | undefined): void {
    if (this.#lookahead === undefined) return;
    const { expertsPerLayer } = this.header;
    this.#lookaheadRow.push(values === undefined ? -1 : this.#lookahead.length / expertsPerLayer);
    if (values !== undefined) this.#lookahead.append(values);
  }

  #rowFault(tokens: number): string | undefined {
    return this.#rowCount + tokens > mostTokens ? `more than ${mostTokens} rows` : undefined;
  }
}

/** For indices that the caller knows to be inside. */
function at(column: { readonly [index: number]: number }, index: number): number {
  return column[index] as number;
}
