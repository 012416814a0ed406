/**
 * Reads experts from the file into slots: each at most once at a time, the most urgent first.
 *
 *   load ─► queued ─► reading ─► ready        a failed load stays known and is read again when needed
 *              │                  │
 *              └──── discard ─────┘           the slot has gone to another expert
 *
 * The reads run on the system's I/O threads, so bytes keep coming while the calling thread computes;
 * several are handed over ahead, because the next ones start only when the event loop has its turn.
 */
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import { type Region, regionBytes } from "../memory/arena.ts";
import type { ExpertId } from "../policy/expertId.ts";
import { SluiceError } from "../support/errors.ts";
import { publish } from "../support/events.ts";
import { type CpuExpertLayer, type ExpertPart, partOfSlot } from "./cpuExpertLayer.ts";

/** Where a layer's experts lie in the file. */
export interface ExpertSource {
  readonly layer: CpuExpertLayer;
  /** The tensor that holds a part of all experts, one after the other. */
  readonly tensors: ReadonlyMap<ExpertPart, TensorInfo>;
}

/** What a load is for; the first goes first. */
export const urgencies = ["needed", "next layer", "next token", "background"] as const;
export type Urgency = (typeof urgencies)[number];

/** Experts being read at the same time, by what they are for. */
const readsInFlight: Readonly<Record<Urgency, number>> = {
  needed: 8,
  "next layer": 6,
  "next token": 4,
  background: 3,
};

interface Load {
  readonly expert: ExpertId;
  readonly slot: Region;
  urgency: Urgency;
  state: "queued" | "reading" | "ready" | "failed";
  error?: unknown;
}

export interface ExpertLoaderOptions {
  readonly file: GgufFile;
  /** By ordinal of the layer. */
  readonly sources: readonly ExpertSource[];
  readonly expertsPerLayer: number;
  /** Bytes of all that has a slot, for those who watch the loading. */
  readonly totalBytes: number;
  /** Hears of each expert whose bytes have come. */
  readonly onReady?: (expert: ExpertId) => void;
}

export class ExpertLoader implements AsyncDisposable {
  readonly #options: ExpertLoaderOptions;
  readonly #loads = new Map<ExpertId, Load>();
  readonly #queues: Readonly<Record<Urgency, Set<Load>>> = {
    needed: new Set(),
    "next layer": new Set(),
    "next token": new Set(),
    background: new Set(),
  };
  /** Slots being read into: they may have been given away meanwhile. */
  readonly #reading = new Map<Region, Promise<void>>();
  #arrival = Promise.withResolvers<void>();
  #bytesRead = 0;
  /** The first read that failed. */
  #failure: unknown;
  #closed = false;

  constructor(options: ExpertLoaderOptions) {
    this.#options = options;
  }

  /** Bytes that have come so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Loads that have not come yet. */
  get pendingCount(): number {
    return urgencies.reduce((sum, name) => sum + this.#queues[name].size, this.#reading.size);
  }

  /** Begins to fill a slot with an expert. Whatever the slot was being filled with is given up. */
  load(expert: ExpertId, slot: Region, urgency: Urgency): void {
    const load: Load = { expert, slot, urgency, state: "queued" };
    this.#loads.set(expert, load);
    this.#queues[urgency].add(load);
    this.#startReads();
  }

  /** Whether the expert's bytes are in its slot. A load that has failed before is begun again. */
  need(expert: ExpertId): boolean {
    const load = this.#loads.get(expert);
    if (load === undefined) throw new Error(`expert ${expert} was never loaded`);
    if (load.state === "ready") return true;
    if (load.state === "queued" && load.urgency !== "needed") {
      this.#queues[load.urgency].delete(load);
      load.urgency = "needed";
      this.#queues.needed.add(load);
      this.#startReads();
    }
    if (load.state === "failed") this.load(expert, load.slot, "needed");
    return false;
  }

  isReady(expert: ExpertId): boolean {
    return this.#loads.get(expert)?.state === "ready";
  }

  /** The error of an expert's last load, thrown if it failed. */
  throwIfFailed(expert: ExpertId): void {
    const load = this.#loads.get(expert);
    if (load?.state === "failed") throw load.error;
  }

  /** The slot's contents are of no more use. */
  discard(expert: ExpertId): void {
    const load = this.#loads.get(expert);
    if (load === undefined) return;
    this.#loads.delete(expert);
    if (load.state === "queued") this.#queues[load.urgency].delete(load);
  }

  /** Resolves when the next load has ended, well or badly. */
  get nextArrival(): Promise<void> {
    return this.#arrival.promise;
  }

  /**
   * Resolves when nothing is left to read.
   *
   * @throws what a read threw, the first time one did; SluiceError `aborted`
   */
  async settled(signal?: AbortSignal): Promise<void> {
    while (this.pendingCount > 0) {
      if (signal?.aborted)
        throw new SluiceError("aborted", "loading was cancelled", { cause: signal.reason });
      await this.nextArrival;
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  /** Gives up what is queued and waits for the reads under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const name of urgencies) this.#queues[name].clear();
    await Promise.all(this.#reading.values());
  }

  #startReads(): void {
    for (const urgency of urgencies) {
      for (const load of this.#queues[urgency]) {
        if (this.#reading.size >= readsInFlight[urgency] || this.#closed) return;
        // The slot's last tenant is still being read into it: that read must end first.
        if (this.#reading.has(load.slot)) continue;
        this.#queues[urgency].delete(load);
        load.state = "reading";
        this.#reading.set(load.slot, this.#read(load));
      }
    }
  }

  async #read(load: Load): Promise<void> {
    try {
      await this.#fill(load);
      load.state = "ready";
    } catch (error) {
      load.state = "failed";
      load.error = error;
      this.#failure ??= error;
    }
    this.#reading.delete(load.slot);
    if (load.state === "ready" && this.#loads.get(load.expert) === load) {
      this.#options.onReady?.(load.expert);
    }
    this.#startReads();
    const arrival = this.#arrival;
    this.#arrival = Promise.withResolvers();
    arrival.resolve();
  }

  #announce(): void {
    const { file, totalBytes } = this.#options;
    publish("sluice:load", () => ({ file: file.name, loadedBytes: this.#bytesRead, totalBytes }));
  }

  async #fill({ expert, slot }: Load): Promise<void> {
    const { file, sources, expertsPerLayer } = this.#options;
    const source = sources[Math.floor(expert / expertsPerLayer)];
    if (source === undefined) throw new RangeError(`there is no expert ${expert}`);
    const index = expert % expertsPerLayer;
    for (const [part, tensor] of source.tensors) {
      const target = regionBytes(partOfSlot(slot, part));
      await file.read(tensor, index * target.length, target);
      this.#bytesRead += target.length;
      this.#announce();
    }
  }
}
