/**
 * Reads the experts that vLLM returns with `--enable-return-routed-experts`, saved by `np.save`: an
 * array `[tokens, layers, topk]` of whole numbers. It says nothing of the model, nor where the prompt
 * ends; what the caller does not say either is assumed, and the assumption remarked.
 *
 * Source: docs.vllm.ai, "Routed Experts Replay" (shapes and int16).
 */
import { OptionError } from "../../support/errors.ts";
import { GrowingColumn } from "../growingColumn.ts";
import { mostExpertsPerLayer } from "../recordCheck.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import { type TraceContent, TraceDamage } from "../traceSource.ts";
import type { ByteReader } from "./byteReader.ts";
import { type NpyHeader, npyIntegers, readNpyHeader } from "./npyHeader.ts";

export interface NpyOptions {
  /** Experts of a layer. @default the highest id + 1, rounded up to a power of two */
  readonly experts?: number;
  /** How many of the first tokens are the prompt, computed in one pass. @default 0 */
  readonly promptTokens?: number;
}

/**
 * The whole array, which is as large as the trace in memory will be.
 *
 * @throws TraceDamage; OptionError if the options do not fit the array
 */
export async function readNpy(reader: ByteReader, options: NpyOptions): Promise<TraceContent> {
  const array = await readNpyHeader(reader);
  const [tokenCount = 0, layerCount = 0, expertsPerToken = 0] = array.shape;
  if (array.shape.length !== 3 || layerCount === 0 || expertsPerToken === 0) {
    const shape = array.shape.join(", ");
    throw new TraceDamage(`an array of shape (${shape}); (tokens, layers, topk) expected`);
  }
  const ids = await readIds(reader, array);
  const remarks: string[] = [];
  const highest = ids.reduce((most, id) => Math.max(most, id), 0);
  const header: TraceHeader = {
    model: "unknown",
    architecture: "unknown",
    layerCount,
    expertsPerLayer: experts(highest, expertsPerToken, options, remarks),
    expertsPerToken,
    expertBytes: [],
    origin: "routed experts (.npy)",
    hasWeights: false,
    hasLogits: false,
  };
  const promptTokens = prompt(tokenCount, options, remarks);
  const records = recordsOf(ids, header, tokenCount, promptTokens);
  return { kind: "npy", header, records, remarks };
}

async function readIds(reader: ByteReader, { encoding, shape }: NpyHeader): Promise<Uint16Array> {
  const integer = npyIntegers[encoding];
  if (integer === undefined) throw new RangeError(encoding);
  const count = shape.reduce((product, length) => product * length, 1);
  const ids = new GrowingColumn((buffer) => new Uint16Array(buffer));
  while (ids.length < count) {
    const offset = reader.offset;
    const wanted = Math.min(count - ids.length, 8192) * integer.bytes;
    const bytes = await reader.read(wanted);
    if (bytes.length < wanted) {
      const found = ids.length + Math.floor(bytes.length / integer.bytes);
      throw new TraceDamage(`the file ends after ${found} of ${count} numbers`, offset);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += integer.bytes) {
      const id = integer.read(view, at);
      if (id < 0 || id >= mostExpertsPerLayer) throw noExpert(id, ids.length, shape, offset + at);
      ids.push(id);
    }
  }
  if ((await reader.read(1)).length > 0) {
    throw new TraceDamage("something follows the array's last number", reader.offset - 1);
  }
  return ids.shared();
}

function noExpert(
  id: number,
  index: number,
  shape: readonly number[],
  offset: number,
): TraceDamage {
  const [, layerCount = 1, expertsPerToken = 1] = shape;
  const row = Math.floor(index / expertsPerToken);
  const place = `token ${Math.floor(row / layerCount)}, layer ${row % layerCount}`;
  return new TraceDamage(`${place}: ${id} is no expert`, offset);
}

function experts(
  highest: number,
  expertsPerToken: number,
  options: NpyOptions,
  remarks: string[],
): number {
  if (options.experts === undefined) {
    const least = Math.max(highest + 1, expertsPerToken);
    const assumed = 2 ** Math.ceil(Math.log2(least));
    remarks.push(
      `the file does not say how many experts a layer has: ${assumed} are assumed, as its highest is ${highest}`,
    );
    return assumed;
  }
  if (options.experts > highest) return options.experts;
  throw new OptionError(
    `${options.experts} experts per layer are too few: the file names expert ${highest}`,
  );
}

function prompt(tokenCount: number, { promptTokens }: NpyOptions, remarks: string[]): number {
  if (promptTokens === undefined) {
    remarks.push("the file does not say where the prompt ends: all tokens are taken as generated");
    return 0;
  }
  if (promptTokens <= tokenCount) return promptTokens;
  throw new OptionError(`a prompt of ${promptTokens} tokens, but the file has only ${tokenCount}`);
}

/** The prompt as one pass, layer after layer; then a pass per token. */
async function* recordsOf(
  ids: Uint16Array,
  { layerCount, expertsPerToken }: TraceHeader,
  tokenCount: number,
  promptTokens: number,
): AsyncGenerator<TraceRecord, void, undefined> {
  const idsOf = (token: number, layer: number) => {
    const begin = (token * layerCount + layer) * expertsPerToken;
    return ids.subarray(begin, begin + expertsPerToken);
  };
  for (let layer = 0; layer < layerCount && promptTokens > 0; layer++) {
    const all = new Uint16Array(promptTokens * expertsPerToken);
    for (let token = 0; token < promptTokens; token++) {
      all.set(idsOf(token, layer), token * expertsPerToken);
    }
    yield { sequence: 0, phase: "prefill", position: 0, layer, tokens: promptTokens, experts: all };
  }
  for (let token = promptTokens; token < tokenCount; token++) {
    for (let layer = 0; layer < layerCount; layer++) {
      const experts = idsOf(token, layer);
      yield { sequence: 0, phase: "decode", position: token, layer, tokens: 1, experts };
    }
  }
}
