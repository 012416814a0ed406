/** What a routing trace says about its model before the first record. */

export interface TraceHeader {
  /** The model's name, as its file or the trace's maker gives it. */
  readonly model: string;
  readonly architecture: string;
  /** Layers that route, numbered 0, 1, ... in the order of the forward pass; dense ones do not count. */
  readonly layerCount: number;
  readonly expertsPerLayer: number;
  /** Top-k: experts of one token in one layer. */
  readonly expertsPerToken: number;
  /** Bytes of one expert, by layer; empty if nobody knew. */
  readonly expertBytes: readonly number[];
  /** Who recorded it or where it was imported from, such as "sluice 0.1.0" or "route_trace v1". */
  readonly origin: string;
  /** Whether the records carry the experts' weights. */
  readonly hasWeights: boolean;
  /** Whether the records carry router logits. */
  readonly hasLogits: boolean;
}
