/** Counts which experts a model's routers choose. */
import type { LanguageModel } from "../generation/languageModel.ts";
import { subscribe } from "../support/events.ts";

/** Counts from its making until it is disposed of. */
export class ExpertUse implements Disposable {
  /** Uses of each expert: `[layer][expert]`, of dense layers only zeros. */
  readonly counts: readonly (readonly number[])[];
  readonly #stop: () => void;

  constructor(model: LanguageModel) {
    const { layerCount, expertCount } = model.shape;
    const counts = Array.from({ length: layerCount }, () => new Array<number>(expertCount).fill(0));
    this.counts = counts;
    this.#stop = subscribe("sluice:routing", (event) => {
      const uses = counts[event.layer];
      if (event.model !== model.identity || uses === undefined) return;
      for (const expert of event.experts) uses[expert] = (uses[expert] ?? 0) + 1;
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
