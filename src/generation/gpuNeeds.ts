/** What a file's layers ask of a GPU, and what keeps them off one: read from its table of tensors. */
import { scratchBytes } from "../compute/gpu/gpuAttention.ts";
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import type { Shape } from "../model/shape.ts";
import type { BlockFormat } from "../numerics/formats/blockFormat.ts";
import type { LayerNeeds } from "../placement/layerPlan.ts";

export interface NeedsOptions {
  readonly layerCount: number;
  /** Bytes of keys and values of one layer, for one sequence at full length. */
  readonly keyValueBytesPerLayer: number;
  readonly hasShader: (format: BlockFormat) => boolean;
  /** The largest buffer that a shader of these GPUs can see. */
  readonly bindingBytes: number;
}

export interface ModelNeeds {
  readonly layers: readonly LayerNeeds[];
  readonly outputBytes: number;
  readonly outputObstacle: string | undefined;
  /** The output head is the embedding once more. */
  readonly isTied: boolean;
}

const embedding = "token_embd.weight";
const output = "output.weight";

export function needsOf(file: GgufFile, options: NeedsOptions): ModelNeeds {
  const { layerCount, keyValueBytesPerLayer } = options;
  const hot = [...file.tensors.values()].filter(({ name }) => !isExpert(name));
  const byLayer = Map.groupBy(hot, ({ name }) => layerOf(name));
  const layers = Array.from({ length: layerCount }, (_, layer): LayerNeeds => {
    const tensors = byLayer.get(layer) ?? [];
    const [obstacle] = [
      cacheObstacle(options),
      ...tensors.map((one) => obstacleOf(one, options)),
    ].filter((reason) => reason !== undefined);
    return { hotBytes: bytesOf(tensors), keyValueBytes: keyValueBytesPerLayer, obstacle };
  });
  const isTied = !file.tensors.has(output);
  const head = hot.filter(({ name }) => isHead(name) || (isTied && name === embedding));
  const [outputObstacle] = head.flatMap((tensor) => obstacleOf(tensor, options) ?? []);
  return { layers, outputBytes: bytesOf(head), outputObstacle, isTied };
}

/** Devices that hold a tensor. */
export function devicesOf(
  name: string,
  { deviceOf, outputDevice }: { deviceOf: readonly number[]; outputDevice: number },
  isTied: boolean,
): readonly number[] {
  const layer = layerOf(name);
  if (layer !== undefined) return [deviceOf[layer] ?? 0];
  if (name === embedding) return isTied && outputDevice !== 0 ? [0, outputDevice] : [0];
  return isHead(name) ? [outputDevice] : [0];
}

/** The output head, its bias and the norm before it. */
function isHead(name: string): boolean {
  return name.startsWith("output");
}

export function isExpert(name: string): boolean {
  return /\.ffn_\w+_exps\./.test(name);
}

function layerOf(name: string): number | undefined {
  const [, layer] = /^blk\.(\d+)\./.exec(name) ?? [];
  return layer === undefined ? undefined : Number(layer);
}

function obstacleOf(
  { name, shape, format, byteLength }: TensorInfo,
  { hasShader, bindingBytes }: NeedsOptions,
): string | undefined {
  const isMatrix = shape.length > 1 && (shape[1] ?? 1) > 1;
  if (isMatrix && !hasShader(format)) {
    return `holds "${name}" as ${format.name}, which no shader multiplies`;
  }
  if (byteLength <= bindingBytes) return undefined;
  return `holds "${name}", which is larger than the ${Math.floor(bindingBytes / 2 ** 20)} MiB that a shader of this GPU can see`;
}

/** Keys lie in one buffer, values in another. */
function cacheObstacle(options: NeedsOptions): string | undefined {
  const { keyValueBytesPerLayer, bindingBytes } = options;
  if (keyValueBytesPerLayer / 2 <= bindingBytes) return undefined;
  return `has more keys than the ${Math.floor(bindingBytes / 2 ** 20)} MiB that a shader of this GPU can see, with so long a context`;
}

function bytesOf(tensors: readonly TensorInfo[]): number {
  return tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Bytes of activations of a batch on a GPU, as an estimate: what is taken is known once measured. */
export function workingBytesOf(shape: Shape, tokens: number, contextLength: number): number {
  const { hiddenSize, headCount, headSize, expertSize, expertsPerToken, feedForwardSize } = shape;
  const perPair = 2 * expertSize + hiddenSize;
  const perToken =
    8 * hiddenSize + 6 * headCount * headSize + 3 * feedForwardSize + expertsPerToken * perPair;
  const scores = Math.min(scratchBytes, tokens * headCount * contextLength * 4);
  return tokens * perToken * 4 + scores + 2 ** 20;
}
