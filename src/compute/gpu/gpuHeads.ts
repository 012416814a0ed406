/**
 * What happens to heads on their way from the projections to attention: norms, rotation, the way into
 * the cache. Each by itself would be a dispatch, for keys and queries each; here they become one step
 * as they are asked for. The step so far is put behind all others, and does more.
 */
import { type HeadShape, type HeadsShape, headLimit, heads } from "./attentionShaders.ts";
import type { GpuBackend } from "./gpuBackend.ts";
import type { GpuKeyValueCache, GpuLayerCache } from "./gpuKeyValueCache.ts";
import type { GpuStep, QueuedStep } from "./gpuProgram.ts";
import type { GpuAngles, GpuBuffer, GpuHidden } from "./gpuTensors.ts";

/** Queries or keys, and what is done to them, in this order. */
interface HeadRows {
  readonly x: GpuBuffer;
  /** Per token. */
  readonly heads: number;
  readonly gain?: GpuBuffer;
  readonly angles?: GpuAngles;
}

/** The rows of keys and values that a cache is to keep. */
interface Storage {
  readonly keys: GpuBuffer;
  readonly values: GpuBuffer;
  readonly cache: GpuKeyValueCache;
  /** Where it keeps those of the layer. */
  readonly kept: GpuLayerCache;
}

/** All that one step does. */
interface HeadWork {
  readonly tokens: number;
  readonly headSize: number;
  /** Of all norms. */
  readonly epsilon: number | undefined;
  /** One or two. */
  readonly rows: readonly HeadRows[];
  readonly storage: Storage | undefined;
}

export class GpuHeads {
  readonly #backend: GpuBackend;
  /** One for each binding of the shader: bound where it has nothing to do. */
  readonly #nothing: readonly GpuBuffer[];
  #latest: { readonly queued: QueuedStep; readonly work: HeadWork } | undefined;

  constructor(backend: GpuBackend) {
    this.#backend = backend;
    this.#nothing = Array.from({ length: 8 }, () => backend.createBuffer(16, "no heads"));
  }

  /** Whether the shader has room for heads of so many values. */
  static fits(headSize: number): boolean {
    return headSize <= headLimit;
  }

  /** Norms heads in place: `x` must not be used any more. */
  norm(x: GpuHidden, headSize: number, gain: GpuBuffer, epsilon: number): GpuHidden {
    const normed = x.handOver();
    this.#do(normed, headSize, { gain }, { epsilon });
    return normed;
  }

  rotate(x: GpuHidden, angles: GpuAngles): void {
    x.change();
    this.#do(x, angles.rope.headSize, { angles }, {});
  }

  remember(cache: GpuKeyValueCache, layer: number, keys: GpuHidden, values: GpuHidden): void {
    const kept = cache.layer(layer);
    const storage = { keys: keys.buffer, values: values.buffer, cache, kept };
    this.#do(keys, cache.shape.headSize, {}, { storage });
  }

  #do(
    x: GpuHidden,
    headSize: number,
    own: Pick<HeadRows, "gain" | "angles">,
    { epsilon, storage }: Partial<Pick<HeadWork, "epsilon" | "storage">>,
  ): void {
    const { program } = this.#backend;
    const rows = [{ x: x.buffer, heads: x.width / headSize, ...own }];
    const next = { tokens: x.tokens, headSize, epsilon, rows, storage };
    const latest = this.#latest;
    const work = latest && joined(latest.work, next);
    if (work === undefined || !program.isUntouchedSince(latest!.queued, buffersOf(latest!.work))) {
      this.#latest = { queued: this.#backend.run(this.#stepOf(next)), work: next };
      return;
    }
    program.moveToEnd(latest!.queued);
    latest!.queued.replace(this.#stepOf(work));
    this.#latest = { queued: latest!.queued, work };
  }

  #stepOf({ tokens, headSize, epsilon = 0, rows, storage }: HeadWork): GpuStep {
    const keys = rows.find(({ x }) => x === storage?.keys) ?? rows[1];
    const queries = rows.find((one) => one !== keys);
    const angles = rows.find((one) => one.angles !== undefined)?.angles;
    const { rotarySize, pairing } = angles?.rope ?? { rotarySize: 0, pairing: "norm" };
    const shape: HeadsShape = {
      ...{ tokens, headSize, epsilon, rotarySize, pairing },
      format: storage?.cache.format ?? "f16",
      queries: shapeOf(queries),
      keys: shapeOf(keys),
      storage: storage && {
        valueSize: storage.cache.shape.valueSize,
        capacity: storage.cache.capacity,
        // A measured batch has advanced nothing.
        first: Math.max(0, storage.cache.length - tokens),
      },
    };
    const bindings = [
      ...[queries?.x, keys?.x, storage?.values, queries?.gain, keys?.gain],
      ...[angles?.buffer, storage?.kept.keys, storage?.kept.values],
    ];
    return {
      ...heads(shape),
      bindings: bindings.map((binding, index) => binding ?? this.#nothing[index]),
    };
  }
}

/** Both works as one, or `undefined` if one step cannot do them. */
function joined(work: HeadWork, next: HeadWork): HeadWork | undefined {
  const { tokens, headSize } = work;
  const [rows] = next.rows as readonly [HeadRows];
  const same = work.rows.find(({ x }) => x === rows.x);
  const together = same === undefined ? rows : oneAfterTheOther(same, rows);
  const all = [...work.rows.filter((other) => other !== same), together];
  const storage = work.storage ?? next.storage;
  if (together === undefined || all.length > 2) return undefined;
  if (tokens !== next.tokens || headSize !== next.headSize) return undefined;
  if ((work.epsilon ?? next.epsilon) !== (next.epsilon ?? work.epsilon)) return undefined;
  const angles = new Set(all.flatMap((one) => one?.angles ?? []));
  if (angles.size > 1) return undefined;
  // What is kept must be as it is now, and neither keys nor queries be values.
  if (work.storage !== undefined && (next.storage !== undefined || same?.x === storage?.keys)) {
    return undefined;
  }
  if (all.some((one) => one?.x === storage?.values)) return undefined;
  const epsilon = work.epsilon ?? next.epsilon;
  return { tokens, headSize, epsilon, rows: all as HeadRows[], storage };
}

/** Norm, then rotation: the only order in which a step does both. */
function oneAfterTheOther(first: HeadRows, second: HeadRows): HeadRows | undefined {
  const hasTwice = first.gain !== undefined && second.gain !== undefined;
  if (hasTwice || (first.angles !== undefined && (second.gain ?? second.angles) !== undefined)) {
    return undefined;
  }
  return { ...first, ...second };
}

/** What the step changes or reads that others change. */
function buffersOf({ rows, storage }: HeadWork): GpuBuffer[] {
  const own = rows.map(({ x }) => x);
  if (storage === undefined) return own;
  const { values, kept } = storage;
  return [...own, values, kept.keys, kept.values];
}

function shapeOf(rows: HeadRows | undefined): HeadShape {
  if (rows === undefined) return { heads: 0, isNormed: false, isRotated: false };
  const { heads: count, gain, angles } = rows;
  return { heads: count, isNormed: gain !== undefined, isRotated: angles !== undefined };
}
