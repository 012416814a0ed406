/** Reads a model's rotary embedding: `<architecture>.rope.*`, and `rope_freqs.weight` where present. */
import type { Metadata } from "../../gguf/metadata.ts";
import { createRope, type Rope, type RopeScaling } from "../../numerics/rope.ts";
import { BadGgufError, SluiceError } from "../../support/errors.ts";
import { quoted } from "../../support/quoted.ts";
import type { WeightSource } from "../architecture.ts";
import type { Shape } from "../shape.ts";

const factorsName = "rope_freqs.weight";

/** `pairing`: whether neighbours rotate together (`norm`) or halves of the head (`neox`). */
export async function readRope(
  metadata: Metadata,
  weights: WeightSource,
  shape: Shape,
  pairing: Rope["pairing"],
): Promise<Rope> {
  const { headSize, rotarySize } = shape;
  const base = metadata.float(`${shape.architecture}.rope.freq_base`, 10_000);
  if (!(base > 0)) refuse(metadata, shape, "rope.freq_base", String(base));
  const factors = weights.has(factorsName)
    ? await weights.values(factorsName, rotarySize / 2)
    : undefined;
  if (factors?.some((factor) => !(factor > 0 && factor < Number.POSITIVE_INFINITY))) {
    throw new BadGgufError(
      metadata.file,
      `tensor "${factorsName}" holds values that are not above 0`,
    );
  }
  const options = { headSize, rotarySize, pairing, base, scaling: readScaling(metadata, shape) };
  return createRope(factors === undefined ? options : { ...options, factors });
}

function readScaling(metadata: Metadata, shape: Shape): RopeScaling {
  const key = (name: string) => `${shape.architecture}.rope.${name}`;
  const kind = metadata.string(key("scaling.type"), "linear");
  // Old files say scale_linear; a factor of 0 means none.
  const factor = metadata.float(key("scaling.factor"), metadata.float(key("scale_linear"), 0));
  if (!(factor >= 0)) refuse(metadata, shape, "rope.scaling.factor", String(factor));
  if (kind === "none" || (kind === "linear" && factor === 0)) return { kind: "none" };
  if (kind === "linear") return { kind: "linear", factor };
  if (kind !== "yarn") {
    throw new SluiceError(
      "unsupported-architecture",
      `${metadata.file}: rope scaling ${quoted(kind)} is not supported yet; Sluice knows none, linear and yarn`,
    );
  }
  return {
    kind: "yarn",
    factor: factor === 0 ? 1 : factor,
    originalContext: metadata.count(key("scaling.original_context_length"), shape.contextLength),
    attentionFactor: metadata.float(key("scaling.attn_factor"), 1),
  };
}

function refuse(metadata: Metadata, shape: Shape, name: string, found: string): never {
  throw new BadGgufError(metadata.file, `metadata key "${shape.architecture}.${name}" is ${found}`);
}
