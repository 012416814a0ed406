/**
 * Reads experts from the file into slots: each at most once at a time, the most urgent first.
 *
 *   load ─► queued ─► reading ─► ready        a failed load stays known and is read again when needed
 *              │         │         │
 *              └─────────┴─────────┴─ discard: the slot goes to another expert
 *
 * A slot may change hands while its last read is still under way: the next one waits for that to end.
 * The reads run on the system's I/O threads, so bytes keep coming while the calling thread computes;
 * several are handed over ahead, because the next ones start only when the event loop has its turn.
 */
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import { type Region, regionBytes } from "../memory/arena.ts";
import type { ExpertId } from "../policy/expertId.ts";
import { SluiceError } from "../support/errors.ts";
import { publish } from "../support/events.ts";
import { type CpuExpertLayer, type ExpertPart, partOfSlot } from "./cpuExpertLayer.ts";

/** Where a part of all experts of a layer lies in the file. */
export interface PartInFile {
  readonly tensor: TensorInfo;
  /** Byte offset of the first expert's part within the tensor. */
  readonly firstByte: number;
  /** Bytes from one expert's part to the next one's; more than the part where another lies between. */
  readonly strideBytes: number;
}

/** Where a layer's experts lie in the file. */
export interface ExpertSource {
  readonly layer: CpuExpertLayer;
  readonly parts: ReadonlyMap<ExpertPart, PartInFile>;
}

/** What a load is for; the first goes first. */
const urgencies = ["needed", "next layer", "next token", "background"] as const;
export type Urgency = (typeof urgencies)[number];

/** A load of some urgency begins only while fewer than so many experts are being read. */
const readsInFlight: Readonly<Record<Urgency, number>> = {
  needed: 8,
  "next layer": 6,
  "next token": 4,
  background: 3,
};

/** How often somebody who waits looks whether the waiting is still worth it. */
const lookMs = 50;

interface Load {
  readonly expert: ExpertId;
  readonly slot: Region;
  urgency: Urgency;
  state: "queued" | "reading" | "ready" | "failed";
  error?: unknown;
}

export interface ExpertLoaderOptions {
  readonly file: Pick<GgufFile, "name" | "read">;
  /** By ordinal of the layer. */
  readonly sources: readonly ExpertSource[];
  readonly expertsPerLayer: number;
  /** Milliseconds that waiting for an expert may take before the disk counts as lost. */
  readonly timeoutMs: number;
  /** What the slots take to be filled for the first time: until then `sluice:load` is told. */
  readonly fillBytes: number;
  /** Hears of each expert whose bytes have come. */
  readonly onReady: (expert: ExpertId) => void;
}

export class ExpertLoader implements AsyncDisposable {
  readonly #options: ExpertLoaderOptions;
  /** The last load of each expert that has a slot. */
  readonly #loads = new Map<ExpertId, Load>();
  readonly #queues: Readonly<Record<Urgency, Set<Load>>> = {
    needed: new Set(),
    "next layer": new Set(),
    "next token": new Set(),
    background: new Set(),
  };
  /** By slot: the expert that it is being filled with may have lost it meanwhile. */
  readonly #reading = new Map<Region, Promise<void>>();
  readonly #listeners = new Set<() => void>();
  #bytesRead = 0;
  #closed = false;

  constructor(options: ExpertLoaderOptions) {
    this.#options = options;
  }

  /** Bytes that have come so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Loads that have not come yet, and reads whose expert has lost its slot. */
  get pendingCount(): number {
    return urgencies.reduce((sum, name) => sum + this.#queues[name].size, this.#reading.size);
  }

  /**
   * Begins to fill a slot with an expert. What the slot held before must have been discarded.
   *
   * @throws SluiceError `closed`
   */
  load(expert: ExpertId, slot: Region, urgency: Urgency): void {
    this.#refuseIfClosed();
    const load: Load = { expert, slot, urgency, state: "queued" };
    this.#loads.set(expert, load);
    this.#queues[urgency].add(load);
    this.#startReads();
  }

  /**
   * An expert that was loaded before is wanted now: a queued load goes first, one that has failed is
   * begun again.
   */
  need(expert: ExpertId): void {
    const load = this.#loads.get(expert);
    if (load === undefined) throw new Error(`expert ${expert} has not been loaded`);
    if (load.state === "failed") this.load(expert, load.slot, "needed");
    if (load.state !== "queued") return;
    this.#queues[load.urgency].delete(load);
    load.urgency = "needed";
    this.#queues.needed.add(load);
    this.#startReads();
  }

  isReady(expert: ExpertId): boolean {
    return this.#loads.get(expert)?.state === "ready";
  }

  /** The slot's contents are of no more use; a read under way ends for nobody. */
  discard(expert: ExpertId): void {
    const load = this.#loads.get(expert);
    if (load === undefined) return;
    this.#loads.delete(expert);
    this.#queues[load.urgency].delete(load);
  }

  /**
   * Waits until some of the experts are there, and says which.
   *
   * @param onLook called now and then meanwhile; ends the waiting by throwing
   * @throws the error of a load that failed, what `onLook` throws, SluiceError `disk-stalled`, `closed`
   */
  async firstOf(experts: Iterable<ExpertId>, onLook: () => Promise<void>): Promise<ExpertId[]> {
    const awaited = [...experts];
    const begin = performance.now();
    for (;;) {
      for (const expert of awaited) this.#throwIfFailed(expert);
      const ready = awaited.filter((expert) => this.isReady(expert));
      if (ready.length > 0) return ready;
      this.#refuseIfClosed();
      if (performance.now() - begin > this.#options.timeoutMs) throw this.#stalled(awaited.length);
      // Nothing may be awaited between looking and listening: an arrival in between would be missed.
      await this.#nextArrival();
      await onLook();
    }
  }

  /** Waits until all loads have ended. `onLook` and errors as for {@link firstOf}. */
  async settled(onLook: () => Promise<void>): Promise<void> {
    for (const expert of [...this.#loads.keys()]) await this.firstOf([expert], onLook);
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
        if (this.#reading.size >= readsInFlight[urgency]) return;
        if (this.#reading.has(load.slot)) continue;
        this.#queues[urgency].delete(load);
        load.state = "reading";
        this.#reading.set(load.slot, this.#read(load));
      }
    }
  }

  /** Never fails: the load knows how it ended. */
  async #read(load: Load): Promise<void> {
    try {
      await this.#fill(load);
      load.state = "ready";
    } catch (error) {
      load.state = "failed";
      load.error = error;
    }
    this.#reading.delete(load.slot);
    this.#startReads();
    const isCurrent = this.#loads.get(load.expert) === load;
    if (isCurrent && load.state === "ready") this.#options.onReady(load.expert);
    for (const listener of this.#listeners) listener();
  }

  /** Reads all parts of an expert side by side. */
  async #fill({ expert, slot }: Load): Promise<void> {
    const { file, sources, expertsPerLayer } = this.#options;
    const source = sources[Math.floor(expert / expertsPerLayer)];
    if (source === undefined) throw new RangeError(`there is no expert ${expert}`);
    const index = expert % expertsPerLayer;
    const reads = [...source.parts].map(async ([part, { tensor, firstByte, strideBytes }]) => {
      const target = regionBytes(partOfSlot(slot, part));
      await file.read(tensor, firstByte + index * strideBytes, target);
      this.#count(target.length);
    });
    // Not all(), which ends with the first failure: the slot is not free while others write to it.
    const outcomes = await Promise.allSettled(reads);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  #count(byteLength: number): void {
    const { file, fillBytes } = this.#options;
    this.#bytesRead += byteLength;
    const loadedBytes = this.#bytesRead;
    if (loadedBytes > fillBytes) return;
    publish("sluice:load", () => ({ file: file.name, loadedBytes, totalBytes: fillBytes }));
  }

  /** Ends with the next load that ends, well or badly, or when it is time to look around. */
  async #nextArrival(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, lookMs);
    this.#listeners.add(resolve);
    await promise;
    this.#listeners.delete(resolve);
    clearTimeout(timer);
  }

  #throwIfFailed(expert: ExpertId): void {
    const load = this.#loads.get(expert);
    if (load?.state === "failed") throw load.error;
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new SluiceError("closed", `${this.#options.file.name} is closed`);
  }

  #stalled(count: number): SluiceError {
    const { file, timeoutMs } = this.#options;
    const experts = count === 1 ? "an expert" : `${count} experts`;
    return new SluiceError(
      "disk-stalled",
      `${experts} of ${file.name} did not come within ${timeoutMs / 1000} s; is the disk there? The model may be used again`,
    );
  }
}
