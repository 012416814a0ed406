/**
 * OLMoE: multi-head attention whose whole query and key vectors are normalised, all heads jointly;
 * in every layer a mixture of SwiGLU experts, weighted by the softmax as it is, not renormalised.
 *
 * Source: Muennighoff et al., OLMoE, arXiv:2409.02060, section 2 and appendix.
 */
import type { Angles, Hidden, Vector } from "../../compute/ops.ts";
import type { Architecture, Batch, WeightSource } from "../architecture.ts";
import { readProjections } from "../blocks/attention.ts";
import { readMixture } from "../blocks/mixture.ts";
import { readOutput } from "../blocks/output.ts";
import { readRope } from "../blocks/rotary.ts";
import { softmaxThenTopK } from "../blocks/routing.ts";
import { readShape, type Shape } from "../shape.ts";

export const olmoe: Architecture = {
  readShape: (metadata) =>
    readShape(metadata, {
      expertSize: ({ uniform }) => uniform("feed_forward_length"),
      equalHeads: true,
    }),

  async build(shape, weights, { ops, experts, metadata }) {
    const { embed, linear, addTo, rmsNorm, rotation, rotate, remember, attend, rows, eachLayer } =
      ops;
    const tensors = readTensors(weights, shape);
    const rope = await readRope(metadata, weights, shape, "neox");
    const topExperts = softmaxThenTopK({ k: shape.expertsPerToken, renormalise: false });
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
      const q = norm(linear(layer.query, x), layer.queryNorm); // [tokens, headCount * headSize]
      const k = norm(linear(layer.key, x), layer.keyNorm); // [tokens, keyValueHeadCount * headSize]
      const v = linear(layer.value, x); // [tokens, keyValueHeadCount * valueSize]

      remember(cache, layer.index, rotate(k, angles), v);
      return linear(layer.attentionOutput, attend(rotate(q, angles), cache, layer.index, scale));
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
    ...readOutput(weights, shape, { embedding, mayTie: false }),
  };
}

function readLayer(weights: WeightSource, shape: Shape, index: number) {
  const { hiddenSize, headCount, keyValueHeadCount, headSize, valueSize } = shape;
  const name = (part: string) => `blk.${index}.${part}`;
  return {
    index,
    attentionNorm: weights.vector(`${name("attn_norm")}.weight`, hiddenSize),
    ...readProjections(weights, index, shape),
    queryNorm: weights.vector(`${name("attn_q_norm")}.weight`, headCount * headSize),
    keyNorm: weights.vector(`${name("attn_k_norm")}.weight`, keyValueHeadCount * headSize),
    attentionOutput: weights.matrix(name("attn_output"), {
      rows: hiddenSize,
      columns: headCount * valueSize,
    }),
    mixtureNorm: weights.vector(`${name("ffn_norm")}.weight`, hiddenSize),
    ...readMixture(weights, index, shape),
  };
}

type Layer = ReturnType<typeof readLayer>;
