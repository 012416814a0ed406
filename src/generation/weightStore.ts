/**
 * A file's tensors as the CPU's handles: first names and shapes, checked against what the family
 * expects; then, once the model is built and the memory settled, the bytes themselves.
 */
import type { CpuBackend } from "../compute/cpu/cpuBackend.ts";
import { CpuMatrix, CpuVector } from "../compute/cpu/cpuTensors.ts";
import { CpuExpertLayer } from "../experts/cpuExpertLayer.ts";
import type { ExpertSource, PartInFile } from "../experts/expertLoader.ts";
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import { type Region, regionBytes, regionFloats, roundUp } from "../memory/arena.ts";
import type { ExpertNames, ExpertShape, MatrixShape, WeightSource } from "../model/architecture.ts";
import { BadGgufError, SluiceError } from "../support/errors.ts";
import { publish } from "../support/events.ts";

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

/** One piece of the file and where it goes. */
interface Transfer {
  readonly tensor: TensorInfo;
  readonly byteOffset: number;
  readonly target: () => Uint8Array;
}

interface ExpertMatrixShape {
  readonly rows: number;
  readonly columns: number;
}

/** One of the matrices of each expert of a layer, and where all of them lie. */
interface ExpertMatrix {
  readonly matrix: CpuMatrix;
  readonly place: PartInFile;
}

const onlyProcessor = (): readonly number[] => [0];

export class WeightStore implements WeightSource {
  readonly #file: GgufFile;
  readonly #devicesOf: (name: string) => readonly number[];
  readonly #matrices: { matrix: CpuMatrix; tensor: TensorInfo; firstRow: number }[] = [];
  readonly #vectors: { vector: CpuVector; tensor: TensorInfo; first: number }[] = [];
  readonly #experts: ExpertSource[] = [];
  #loadedBytes = 0;

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
    if (tensor.shape.length > 2 || !fits) this.#refuse(tensor, [columns, tensorRows]);
    this.#refuseScale(name);
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
    if (tensor.elementCount !== length) this.#refuse(tensor, [length]);
    return this.#decode(tensor);
  }

  experts(
    layer: number,
    names: ExpertNames,
    { expertCount, hiddenSize, expertSize }: ExpertShape,
  ): CpuExpertLayer {
    const wide = { rows: expertSize, columns: hiddenSize };
    const tall = { rows: hiddenSize, columns: expertSize };
    const { gate, up } = this.has(`${names.gateUp}.weight`)
      ? this.#fusedMatrices(names.gateUp, wide, expertCount)
      : {
          gate: this.#expertMatrix(names.gate, wide, expertCount),
          up: this.#expertMatrix(names.up, wide, expertCount),
        };
    const down = this.#expertMatrix(names.down, tall, expertCount);
    const experts = new CpuExpertLayer(layer, expertCount, {
      gate: gate.matrix,
      up: up.matrix,
      down: down.matrix,
    });
    const parts = new Map([
      [experts.gate, gate.place],
      [experts.up, up.place],
      [experts.down, down.place],
    ]);
    this.#experts.push({ layer: experts, parts });
    return experts;
  }

  /** The longest row of any matrix, in values. */
  get longestRow(): number {
    const expertRows = this.#experts.flatMap(({ layer }) =>
      layer.parts.map(({ matrix }) => matrix.columns),
    );
    return Math.max(...this.#matrices.map(({ matrix }) => matrix.columns), ...expertRows, 0);
  }

  /** Bytes of every layer's hot tensors, and of all experts. */
  get byteLengths(): { hot: number; experts: number } {
    const matrices = this.#matrices.reduce((sum, { matrix }) => sum + matrix.byteLength, 0);
    const vectors = this.#vectors.reduce((sum, { vector }) => sum + vector.length * 4, 0);
    const experts = this.#experts.reduce(
      (sum, { layer }) => sum + layer.expertBytes * layer.expertCount,
      0,
    );
    return { hot: matrices + vectors, experts };
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
  hotTensors(device: number): HotTensors {
    const { matrices, vectors } = this.#on(device);
    return {
      matrices: matrices.map(({ matrix, tensor, firstRow }) => {
        const read = async () => {
          const bytes = new Uint8Array(matrix.byteLength);
          await this.#file.read(tensor, firstRow * matrix.rowBytes, bytes);
          this.#tell(bytes.length);
          return bytes;
        };
        return { matrix, read };
      }),
      vectors: vectors.map(({ vector, tensor, first }) => {
        const read = async () => {
          this.#tell(vector.length * 4);
          return (await this.#decode(tensor)).slice(first, first + vector.length);
        };
        return { vector, read };
      }),
    };
  }

  #on(device: number) {
    const isThere = ({ tensor }: { tensor: TensorInfo }) =>
      this.#devicesOf(tensor.name).includes(device);
    return { matrices: this.#matrices.filter(isThere), vectors: this.#vectors.filter(isThere) };
  }

  #tell(bytes: number): void {
    this.#loadedBytes += bytes;
    const loadedBytes = this.#loadedBytes;
    const totalBytes = this.byteLengths.hot;
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
        if (signal?.aborted)
          throw new SluiceError("aborted", "loading was cancelled", { cause: signal.reason });
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
    if (tensor.elementCount !== tensorLength) this.#refuse(tensor, [tensorLength]);
    const vector = new CpuVector(name, length);
    this.#vectors.push({ vector, tensor, first });
    return vector;
  }

  #expertMatrix(name: string, shape: ExpertMatrixShape, expertCount: number): ExpertMatrix {
    const tensor = this.#expertTensor(name, shape, expertCount);
    const matrix = new CpuMatrix(name, tensor.format, shape);
    return { matrix, place: { tensor, firstByte: 0, strideBytes: matrix.byteLength } };
  }

  /** Gate and up in one tensor: of each expert first the rows of the gate, then those of up. */
  #fusedMatrices(
    name: string,
    shape: ExpertMatrixShape,
    expertCount: number,
  ): { gate: ExpertMatrix; up: ExpertMatrix } {
    const { rows, columns } = shape;
    const tensor = this.#expertTensor(name, { rows: 2 * rows, columns }, expertCount);
    const half = (index: 0 | 1): ExpertMatrix => {
      const matrix = new CpuMatrix(name, tensor.format, shape);
      const { byteLength } = matrix;
      const firstByte = index * byteLength;
      return { matrix, place: { tensor, firstByte, strideBytes: 2 * byteLength } };
    };
    return { gate: half(0), up: half(1) };
  }

  #expertTensor(name: string, shape: ExpertMatrixShape, expertCount: number): TensorInfo {
    const tensor = this.#file.tensor(`${name}.weight`);
    const expected = [shape.columns, shape.rows, expertCount];
    if (expected.some((size, index) => (tensor.shape[index] ?? 1) !== size))
      this.#refuse(tensor, expected);
    this.#refuseScale(name);
    if (this.has(`${name}.bias`)) {
      throw new SluiceError(
        "unsupported-format",
        `${this.#file.name}: experts with biases ("${name}.bias") are not supported yet`,
      );
    }
    return tensor;
  }

  /** NVFP4 files may carry a factor per tensor; a result without it would be wrong, silently. */
  #refuseScale(name: string): void {
    if (!this.has(`${name}.scale`)) return;
    throw new SluiceError(
      "unsupported-format",
      `${this.#file.name}: tensors with a scale of their own ("${name}.scale") are not supported yet`,
    );
  }

  #refuse(tensor: TensorInfo, expected: readonly number[]): never {
    throw new BadGgufError(
      this.#file.name,
      `tensor "${tensor.name}" has the shape [${tensor.shape.join(", ")}], the header's sizes ask for [${expected.join(", ")}]`,
    );
  }
}
