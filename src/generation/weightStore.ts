/**
 * A file's tensors as the CPU's handles: first names and shapes, checked against what the family
 * expects; then, once the model is built and the memory settled, the bytes themselves.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuMatrix, CpuVector } from "../compute/cpu/cpuTensors.ts";
import type { CpuExpertLayer } from "../experts/cpuExpertLayer.ts";
import type { ExpertSource } from "../experts/expertLoader.ts";
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import { type Region, regionBytes, regionFloats, roundUp } from "../memory/arena.ts";
import type { ExpertNames, ExpertShape, MatrixShape, WeightSource } from "../model/architecture.ts";
import { publish } from "../support/events.ts";
import { expertSource } from "./expertSource.ts";
import { refuseIfCancelled } from "./loadSignal.ts";
import { refuseScale, refuseShape } from "./tensorChecks.ts";

/** Reads that wait for the disk at the same time. */
const readsInFlight = 4;

/** Hot tensors of one device, to be read one by one. */
export interface HotTensors {
  readonly matrices: readonly {
    readonly matrix: CpuMatrix;
    readonly read: () => Promise<Uint8Array>;
  }[];
  readonly vectors: readonly {
    readonly vector: CpuVector;
    readonly read: () => Promise<Float32Array>;
  }[];
}

interface MatrixEntry {
  readonly matrix: CpuMatrix;
  readonly tensor: TensorInfo;
  readonly firstRow: number;
}

interface VectorEntry {
  readonly vector: CpuVector;
  readonly tensor: TensorInfo;
  readonly first: number;
}

interface Entries {
  readonly matrices: readonly MatrixEntry[];
  readonly vectors: readonly VectorEntry[];
}

/** One piece of the file and where it goes. */
interface Transfer {
  readonly tensor: TensorInfo;
  readonly byteOffset: number;
  readonly target: () => Uint8Array;
}

const onlyProcessor = (): readonly number[] => [0];

export class WeightStore implements WeightSource {
  readonly #file: GgufFile;
  readonly #devicesOf: (name: string) => readonly number[];
  readonly #matrices: MatrixEntry[] = [];
  readonly #vectors: VectorEntry[] = [];
  readonly #experts: ExpertSource[] = [];
  #loadedBytes = 0;
  #totalBytes: number | undefined;

  /** @param devicesOf devices that hold a tensor; 0 is the processor. @default the processor alone */
  constructor(file: GgufFile, devicesOf: (name: string) => readonly number[] = onlyProcessor) {
    this.#file = file;
    this.#devicesOf = devicesOf;
  }

  has(name: string): boolean {
    return this.#file.tensors.has(name);
  }

  matrix(name: string, { rows, columns, part }: MatrixShape): CpuMatrix {
    const tensor = this.#file.tensor(`${name}.weight`);
    const tensorRows = part?.tensorRows ?? rows ?? tensor.shape[1] ?? 1;
    const fits = tensor.shape[0] === columns && (tensor.shape[1] ?? 1) === tensorRows;
    if (tensor.shape.length > 2 || !fits) refuseShape(this.#file, tensor, [columns, tensorRows]);
    refuseScale(this.#file, name);
    const shape = { rows: rows ?? tensorRows, columns };
    const firstRow = part?.firstRow ?? 0;
    const bias = this.has(`${name}.bias`)
      ? this.#vectorPart(`${name}.bias`, tensorRows, firstRow, shape.rows)
      : undefined;
    const matrix = new CpuMatrix(name, tensor.format, { ...shape, bias });
    this.#matrices.push({ matrix, tensor, firstRow });
    return matrix;
  }

  vector(name: string, length: number): CpuVector {
    return this.#vectorPart(name, length, 0, length);
  }

  async values(name: string, length: number): Promise<Float32Array> {
    const tensor = this.#file.tensor(name);
    if (tensor.elementCount !== length) refuseShape(this.#file, tensor, [length]);
    return this.#decode(tensor);
  }

  experts(layer: number, names: ExpertNames, shape: ExpertShape): CpuExpertLayer {
    const source = expertSource(this.#file, layer, names, shape);
    this.#experts.push(source);
    return source.layer;
  }

  /** The longest row of any matrix, in values. */
  get longestRow(): number {
    const expertRows = this.#experts.flatMap(({ layer }) =>
      layer.parts.map(({ matrix }) => matrix.columns),
    );
    return Math.max(...this.#matrices.map(({ matrix }) => matrix.columns), ...expertRows, 0);
  }

  /** Bytes of hot tensors that are read, one on two devices twice; and of those the processor holds. */
  get byteLengths(): { hot: number; processor: number } {
    const bytesOf = ({ matrices, vectors }: Entries) =>
      matrices.reduce((sum, { matrix }) => sum + matrix.byteLength, 0) +
      vectors.reduce((sum, { vector }) => sum + vector.length * 4, 0);
    const names = [...this.#matrices, ...this.#vectors].map(({ tensor }) => tensor.name);
    const devices = new Set(names.flatMap((name) => this.#devicesOf(name)));
    const hot = [...devices].reduce((sum, device) => sum + bytesOf(this.#on(device)), 0);
    return { hot, processor: bytesOf(this.#on(0)) };
  }

  /** Bytes of memory that the hot tensors take. */
  get hotBytes(): number {
    const matrixBytes = this.#on(0).matrices.reduce(
      (sum, { matrix }) => sum + roundUp(matrix.byteLength),
      0,
    );
    return this.#vectorBytes + matrixBytes;
  }

  /** Where the experts lie in the file, layer by layer in the order of the forward pass. */
  get expertSources(): readonly ExpertSource[] {
    return this.#experts;
  }

  /**
   * Takes memory for everything but the experts and reads it.
   *
   * @param laterBytes what else the arenas will be asked for (slots, key-value caches)
   */
  async loadHot(backend: CpuBackend, laterBytes: number, signal?: AbortSignal): Promise<void> {
    let expected = this.hotBytes + laterBytes;
    const take = (byteLength: number): Region => {
      const region = backend.arenas.allocate(byteLength, expected);
      expected -= roundUp(byteLength);
      return region;
    };
    await this.#loadVectors(take(this.#vectorBytes));
    for (const { matrix } of this.#on(0).matrices) matrix.region = take(matrix.byteLength);
    await this.#run(this.#hotTransfers(), signal);
  }

  get #vectorBytes(): number {
    return this.#on(0).vectors.reduce((sum, { vector }) => sum + roundUp(vector.length * 4), 64);
  }

  /** What a device other than the processor holds. */
  hotTensors(device: number, signal?: AbortSignal): HotTensors {
    const { matrices, vectors } = this.#on(device);
    return {
      matrices: matrices.map(({ matrix, tensor, firstRow }) => {
        const read = async () => {
          refuseIfCancelled(signal);
          const bytes = new Uint8Array(matrix.byteLength);
          await this.#file.read(tensor, firstRow * matrix.rowBytes, bytes);
          this.#tell(bytes.length);
          return bytes;
        };
        return { matrix, read };
      }),
      vectors: vectors.map(({ vector, tensor, first }) => {
        const read = async () => {
          refuseIfCancelled(signal);
          const values = await this.#decode(tensor);
          this.#tell(vector.length * 4);
          return values.slice(first, first + vector.length);
        };
        return { vector, read };
      }),
    };
  }

  #on(device: number): Entries {
    const isThere = ({ tensor }: { tensor: TensorInfo }) =>
      this.#devicesOf(tensor.name).includes(device);
    return { matrices: this.#matrices.filter(isThere), vectors: this.#vectors.filter(isThere) };
  }

  #tell(bytes: number): void {
    this.#loadedBytes += bytes;
    const loadedBytes = this.#loadedBytes;
    this.#totalBytes ??= this.byteLengths.hot;
    const totalBytes = this.#totalBytes;
    publish("sluice:load", () => ({ file: this.#file.name, loadedBytes, totalBytes }));
  }

  *#hotTransfers(): Generator<Transfer> {
    for (const { matrix, tensor, firstRow } of this.#on(0).matrices) {
      const { region } = matrix;
      if (region === undefined) continue;
      yield { tensor, byteOffset: firstRow * matrix.rowBytes, target: () => regionBytes(region) };
    }
  }

  async #run(transfers: Generator<Transfer>, signal: AbortSignal | undefined): Promise<void> {
    const reader = async () => {
      for (const { tensor, byteOffset, target } of transfers) {
        refuseIfCancelled(signal);
        const bytes = target();
        await this.#file.read(tensor, byteOffset, bytes);
        this.#tell(bytes.length);
      }
    };
    await Promise.all(Array.from({ length: readsInFlight }, reader));
  }

  async #loadVectors(region: Region): Promise<void> {
    let address = region.address;
    for (const { vector, tensor, first } of this.#on(0).vectors) {
      vector.region = { arena: region.arena, address, byteLength: vector.length * 4 };
      const values = await this.#decode(tensor);
      this.#loadedBytes += vector.length * 4;
      regionFloats(vector.region).set(values.subarray(first, first + vector.length));
      address += roundUp(vector.length * 4);
    }
  }

  async #decode(tensor: TensorInfo): Promise<Float32Array> {
    const bytes = new Uint8Array(tensor.byteLength);
    await this.#file.read(tensor, 0, bytes);
    const values = new Float32Array(tensor.elementCount);
    tensor.format.dequantise(bytes, values);
    return values;
  }

  #vectorPart(name: string, tensorLength: number, first: number, length: number): CpuVector {
    const tensor = this.#file.tensor(name);
    if (tensor.elementCount !== tensorLength) refuseShape(this.#file, tensor, [tensorLength]);
    const vector = new CpuVector(name, length);
    this.#vectors.push({ vector, tensor, first });
    return vector;
  }
}
