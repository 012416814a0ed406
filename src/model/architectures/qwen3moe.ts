/**
 * Qwen3-MoE: grouped-query attention with normalised queries and keys; in every layer a mixture
 * of SwiGLU experts, routed by softmax-then-top-k. No shared expert, no biases.
 *
 * Source: Qwen3 Technical Report, arXiv:2505.09388, section 2.
 */
import type { Angles, Hidden, Vector } from "../../compute/ops.ts";
import type { Architecture, Batch, WeightSource } from "../architecture.ts";
import { readProjections } from "../blocks/attention.ts";
import { readMixture } from "../blocks/mixture.ts";
import { readOutput } from "../blocks/output.ts";
import { readRope } from "../blocks/rotary.ts";
import { softmaxThenTopK } from "../blocks/routing.ts";
import { readShape, type Shape } from "../shape.ts";

export const qwen3moe: Architecture = {
  readShape: (metadata) =>
    readShape(metadata, {
      expertSize({ count, uniform, expertsPerToken }) {
        const expertSize = count("expert_feed_forward_length", 0);
        if (expertSize > 0) return expertSize;
        return Math.floor(uniform("feed_forward_length") / expertsPerToken);
      },
      equalHeads: true,
    }),

  async build(shape, weights, { ops, experts, metadata }) {
    const {
      embed,
      linear,
      addTo,
      rmsNorm,
      rmsNormHeads,
      rotation,
      rotate,
      remember,
      attend,
      rows,
      eachLayer,
    } = ops;
    const tensors = readTensors(weights, shape);
    const rope = await readRope(metadata, weights, shape, "neox");
    const topExperts = softmaxThenTopK({ k: shape.expertsPerToken, renormalise: true });
    const scale = 1 / Math.sqrt(shape.headSize);

    return { vocabularySize: tensors.output.rows, forward };

    async function forward(batch: Batch): Promise<Hidden> {
      const angles = rotation(rope, batch.positions);
      const x = embed(tensors.embedding, batch.tokens);
      for (const layer of tensors.layers) {
        await eachLayer(layer.index, x, async () => {
          addTo(x, attention(layer, norm(x, layer.attentionNorm), batch, angles));
          addTo(x, await mixture(layer, norm(x, layer.mixtureNorm)));
        });
      }
      return linear(tensors.output, norm(rows(x, batch.outputs), tensors.outputNorm));
    }

    function attention(layer: Layer, x: Hidden, { cache }: Batch, angles: Angles): Hidden {
      const q = linear(layer.query, x); // [tokens, headCount * headSize]
      const k = linear(layer.key, x); // [tokens, keyValueHeadCount * headSize]
      const v = linear(layer.value, x); // [tokens, keyValueHeadCount * valueSize]
      const queries = rotate(rmsNormHeads(q, layer.queryNorm, shape.epsilon), angles);
      const keys = rotate(rmsNormHeads(k, layer.keyNorm, shape.epsilon), angles);

      remember(cache, layer.index, keys, v);
      return linear(layer.attentionOutput, attend(queries, cache, layer.index, scale));
    }

    async function mixture(layer: Layer, x: Hidden): Promise<Hidden> {
      const routing = await experts.route(layer.index, layer.router, x, topExperts);
      return experts.mix(layer.experts, x, routing);
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
  const { hiddenSize, headCount, headSize, valueSize } = shape;
  const name = (part: string) => `blk.${index}.${part}`;
  return {
    index,
    attentionNorm: weights.vector(`${name("attn_norm")}.weight`, hiddenSize),
    ...readProjections(weights, index, shape),
    queryNorm: weights.vector(`${name("attn_q_norm")}.weight`, headSize),
    keyNorm: weights.vector(`${name("attn_k_norm")}.weight`, headSize),
    attentionOutput: weights.matrix(name("attn_output"), {
      rows: hiddenSize,
      columns: headCount * valueSize,
    }),
    mixtureNorm: weights.vector(`${name("ffn_norm")}.weight`, hiddenSize),
    ...readMixture(weights, index, shape),
  };
}

type Layer = ReturnType<typeof readLayer>;
