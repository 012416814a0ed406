/**
 * Llama and Mixtral: grouped-query attention, then a SwiGLU feed-forward; in Mixtral the
 * feed-forward is a mixture of experts whose chosen weights are scaled to sum to 1.
 *
 * Sources: Touvron et al., Llama 2, arXiv:2307.09288; Jiang et al., Mixtral of Experts,
 * arXiv:2401.04088, section 2.1.
 */
import type { Angles, Hidden, Vector } from "../../compute/ops.ts";
import type { Architecture, Batch, WeightSource } from "../architecture.ts";
import { readProjections } from "../blocks/attention.ts";
import { readFeedForward } from "../blocks/feedForward.ts";
import { readMixture } from "../blocks/mixture.ts";
import { readOutput } from "../blocks/output.ts";
import { readRope } from "../blocks/rotary.ts";
import { softmaxThenTopK } from "../blocks/routing.ts";
import { readShape, type Shape } from "../shape.ts";

export const llama: Architecture = {
  readShape: (metadata) =>
    readShape(metadata, {
      expertSize: ({ uniform }) => uniform("feed_forward_length"),
      equalHeads: false,
    }),

  async build(shape, weights, { ops, experts, metadata }) {
    const {
      embed,
      linear,
      addTo,
      rmsNorm,
      rotation,
      rotate,
      remember,
      attend,
      swiglu,
      rows,
      eachLayer,
    } = ops;
    const tensors = readTensors(weights, shape);
    // Converters permute the rows of attn_q and attn_k so that neighbours form a pair.
    const rope = await readRope(metadata, weights, shape, "norm");
    const topExperts = softmaxThenTopK({ k: shape.expertsPerToken, renormalise: true });
    const scale = 1 / Math.sqrt(shape.headSize);

    return { vocabularySize: tensors.output.rows, forward };

    async function forward(batch: Batch): Promise<Hidden> {
      const angles = rotation(rope, batch.positions);
      const x = embed(tensors.embedding, batch.tokens);
      for (const layer of tensors.layers) {
        await eachLayer(layer.index, x, async () => {
          addTo(x, attention(layer, norm(x, layer.attentionNorm), batch, angles));
          addTo(x, await feedForward(layer, norm(x, layer.feedForwardNorm)));
        });
      }
      return linear(tensors.output, norm(rows(x, batch.outputs), tensors.outputNorm));
    }

    function attention(layer: Layer, x: Hidden, { cache }: Batch, angles: Angles): Hidden {
      const queries = rotate(linear(layer.query, x), angles); // [tokens, headCount * headSize]
      const keys = rotate(linear(layer.key, x), angles); // [tokens, keyValueHeadCount * headSize]
      const values = linear(layer.value, x); // [tokens, keyValueHeadCount * valueSize]

      remember(cache, layer.index, keys, values);
      return linear(layer.attentionOutput, attend(queries, cache, layer.index, scale));
    }

    async function feedForward({ index, feedForward: weights }: Layer, x: Hidden): Promise<Hidden> {
      if ("down" in weights)
        return linear(weights.down, swiglu(linear(weights.gate, x), linear(weights.up, x)));
      const routing = await experts.route(index, weights.router, x, topExperts);
      return experts.mix(weights.experts, x, routing);
    }

    function norm(x: Hidden, gain: Vector): Hidden {
      return rmsNorm(x, gain, shape.epsilon);
    }
  },
};

function readTensors(weights: WeightSource, shape: Shape) {
  const embedding = weights.matrix("token_embd", { columns: shape.hiddenSize });
  return {
    embedding,
    layers: Array.from({ length: shape.layerCount }, (_, index) =>
      readLayer(weights, shape, index),
    ),
    ...readOutput(weights, shape, { embedding, mayTie: true }),
  };
}

function readLayer(weights: WeightSource, shape: Shape, index: number) {
  const { hiddenSize, headCount, valueSize, expertCount } = shape;
  const name = (part: string) => `blk.${index}.${part}`;
  return {
    index,
    attentionNorm: weights.vector(`${name("attn_norm")}.weight`, hiddenSize),
    ...readProjections(weights, index, shape),
    attentionOutput: weights.matrix(name("attn_output"), {
      rows: hiddenSize,
      columns: headCount * valueSize,
    }),
    feedForwardNorm: weights.vector(`${name("ffn_norm")}.weight`, hiddenSize),
    feedForward:
      expertCount === 0
        ? readFeedForward(weights, index, shape)
        : readMixture(weights, index, shape),
  };
}

type Layer = ReturnType<typeof readLayer>;
