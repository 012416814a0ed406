/** All kinds of made-up traces by name, with the shape each has unless told otherwise. */

import { floodTrace } from "./floodTrace.ts";
import { stickyTrace } from "./stickyTrace.ts";
import type { SyntheticShape, SyntheticTrace } from "./syntheticTrace.ts";
import { cyclicTrace, flatTrace } from "./uniformTrace.ts";
import { zipfTrace } from "./zipfTrace.ts";

/** Everything that some kind asks for; each takes what concerns it. */
export interface SyntheticSetting extends SyntheticShape {
  readonly skew?: number;
  readonly stickiness?: number;
  readonly popular?: number;
}

export interface SyntheticKind {
  readonly summary: string;
  /** Shape unless told otherwise. */
  readonly shape: SyntheticShape;
  /** Settings beyond tokens and seed that have a meaning for it. */
  readonly takes: readonly (keyof SyntheticSetting)[];
  readonly make: (setting: SyntheticSetting) => SyntheticTrace;
}

const grid = ["layerCount", "expertsPerToken"] as const;
const length = { tokens: 1024, promptTokens: 0 };
const stream = { layerCount: 1, expertsPerToken: 1, ...length, tokens: 20_000 };
const small = { layerCount: 8, expertsPerLayer: 32, expertsPerToken: 4, ...length };

/** `switchTopic`, which needs another trace, is not among them. */
export const syntheticKinds: Readonly<Record<string, SyntheticKind>> = {
  flat: {
    summary: "a stream of single experts, all alike",
    shape: { ...stream, expertsPerLayer: 256 },
    takes: [],
    make: flatTrace,
  },
  cyclic: {
    summary: "layers in turn, experts all alike",
    shape: small,
    takes: grid,
    make: cyclicTrace,
  },
  zipf: {
    summary: "experts with a popularity of 1 / rank^skew",
    shape: small,
    takes: [...grid, "skew"],
    make: zipfTrace,
  },
  sticky: {
    summary: "experts kept from token to token with a given chance",
    shape: small,
    takes: [...grid, "stickiness"],
    make: stickyTrace,
  },
  flood: {
    summary: "a loop over more experts than there are slots",
    shape: { ...stream, expertsPerLayer: 64 },
    takes: ["popular"],
    make: floodTrace,
  },
};
