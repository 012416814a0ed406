/** What the engine asks of whoever stands behind the experts' door. */
import type { CachePass } from "../policy/cache/decisions.ts";
import type { Experts } from "./experts.ts";

/** Tokens on their way through all layers together. */
export interface ForwardPass extends CachePass {
  /** Numbers the model's sequences from 0. */
  readonly sequence: number;
  /** Of the first token, in its sequence. */
  readonly position: number;
}

export interface ExpertRoom extends Experts {
  /** To be called before the first layer of each pass. */
  readonly beginPass: (pass: ForwardPass) => void;
}
