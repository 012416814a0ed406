/** Records what a model's routers choose, as it happens, into a trace file. */
import { SluiceError } from "../support/errors.ts";
import { type RoutingEvent, subscribe } from "../support/events.ts";
import { TraceWriter, type TraceWriterOptions } from "./format/traceWriter.ts";

/** What a recorder must know of a model; a `LanguageModel` is one. */
export interface RecordableModel {
  /** As in its events. */
  readonly identity: object;
  readonly name: string;
  readonly shape: { readonly architecture: string; readonly expertsPerToken: number };
  /** Layers that have experts, in the order of the forward pass. */
  readonly expertLayers: readonly {
    readonly layer: number;
    readonly expertCount: number;
    readonly expertBytes: number;
  }[];
}

export interface TraceRecorderOptions extends TraceWriterOptions {
  /** Keep the weight of each expert. @default true */
  readonly weights?: boolean;
  /** Keep the router's logits: as many numbers as experts, per token and layer. @default false */
  readonly logits?: boolean;
  /** Who records, for the header. @default "sluice" */
  readonly origin?: string;
  /** Is told at once, and only once, that the recording is not whole any more. */
  readonly onFailure?: (failure: SluiceError) => void;
}

/**
 * Records all sequences of a model from its making until it is closed. Recording never ends a
 * generation: if the file cannot be written any more, `onFailure` is told, and close() throws it.
 */
export class TraceRecorder implements Disposable {
  readonly #writer: TraceWriter;
  readonly #model: RecordableModel;
  readonly #ordinals: ReadonlyMap<number, number>;
  readonly #stop: () => void;
  readonly #onFailure: TraceRecorderOptions["onFailure"];
  #failure: SluiceError | undefined;
  #isClosed = false;

  /** @throws SluiceError `file-unwritable` */
  constructor(path: string, model: RecordableModel, options: TraceRecorderOptions = {}) {
    const { weights = true, logits = false, origin = "sluice", onFailure, ...writing } = options;
    this.#onFailure = onFailure;
    this.#model = model;
    this.#ordinals = new Map(model.expertLayers.map(({ layer }, ordinal) => [layer, ordinal]));
    this.#writer = new TraceWriter(
      path,
      {
        model: model.name,
        architecture: model.shape.architecture,
        layerCount: model.expertLayers.length,
        expertsPerLayer: model.expertLayers[0]?.expertCount ?? 0,
        expertsPerToken: model.shape.expertsPerToken,
        expertBytes: model.expertLayers.map(({ expertBytes }) => expertBytes),
        origin,
        hasWeights: weights,
        hasLogits: logits,
      },
      writing,
    );
    this.#stop = subscribe("sluice:routing", (event) => this.#record(event));
  }

  /** Records taken so far. */
  get recordCount(): number {
    return this.#writer.recordCount;
  }

  /** Bytes in the file. */
  get fileBytes(): number {
    return this.#writer.fileBytes;
  }

  /** The first reason why something is missing in the file. */
  get failure(): SluiceError | undefined {
    return this.#failure ?? this.#writer.failure;
  }

  /** Ends the recording; more calls do nothing. @throws SluiceError the failure, if there was one */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop();
    this.#try(() => this.#writer.close());
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The same without an error: look at `failure` before. */
  [Symbol.dispose](): void {
    try {
      this.close();
    } catch {
      // Whoever lets it fall does not ask.
    }
  }

  #record({ model, layer, tokens, pass, experts, weights, logits, lookahead }: RoutingEvent): void {
    const ordinal = this.#ordinals.get(layer);
    if (model !== this.#model.identity || ordinal === undefined) return;
    const { hasWeights, hasLogits } = this.#writer.header;
    this.#try(() =>
      this.#writer.add({
        sequence: pass.sequence,
        phase: pass.phase,
        position: pass.position,
        layer: ordinal,
        tokens,
        experts: Uint16Array.from(experts),
        weights: hasWeights ? weights : undefined,
        logits: hasLogits ? logits : undefined,
        lookahead,
      }),
    );
  }

  /** A subscriber that throws would end the process. */
  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (this.#failure === undefined) this.#onFailure?.(error);
      this.#failure ??= error;
    }
  }
}
