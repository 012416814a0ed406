/** What the routers choose while documents are scored, kept as a trace of a sequence per document. */
import {
  type LanguageModel,
  type LayerTokens,
  type RoutingEvent,
  RoutingTraceBuilder,
  tokensByLayer,
} from "./engine.ts";

export class RoutingLog {
  readonly expertsPerLayer: number;
  readonly #identity: object;
  readonly #builder: RoutingTraceBuilder;
  readonly #ordinals: ReadonlyMap<number, number>;
  readonly #domains: string[] = [];

  constructor({ identity, name, shape, expertLayers }: LanguageModel) {
    this.#identity = identity;
    this.expertsPerLayer = expertLayers[0]?.expertCount ?? 0;
    this.#ordinals = new Map(expertLayers.map(({ layer }, ordinal) => [layer, ordinal]));
    this.#builder = new RoutingTraceBuilder({
      ...{ model: name, architecture: shape.architecture, origin: "evaluation" },
      layerCount: expertLayers.length,
      expertsPerLayer: this.expertsPerLayer,
      expertsPerToken: shape.expertsPerToken,
      expertBytes: expertLayers.map(({ expertBytes }) => expertBytes),
      ...{ hasWeights: false, hasLogits: false },
    });
  }

  /** What comes now belongs to another document. */
  beginDocument(domain: string): void {
    this.#domains.push(domain);
  }

  add({ model, layer, tokens, experts, pass }: RoutingEvent): void {
    const ordinal = this.#ordinals.get(layer);
    if (model !== this.#identity || ordinal === undefined) return;
    this.#builder.add({
      sequence: this.#domains.length - 1,
      phase: pass.phase,
      position: pass.position,
      layer: ordinal,
      tokens,
      experts: Uint16Array.from(experts),
    });
  }

  /** The domain of each document, by its sequence in `layers`. */
  get domains(): readonly string[] {
    return this.#domains;
  }

  /** Layer by layer, all tokens in the order in which they came. */
  get layers(): LayerTokens[] {
    return tokensByLayer(this.#builder.build());
  }
}
