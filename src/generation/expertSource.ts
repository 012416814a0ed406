/** Where the experts of a layer lie in a file: in a tensor for each matrix, or gate and up fused in one. */
import { CpuMatrix } from "../compute/cpu/cpuTensors.ts";
import { CpuExpertLayer } from "../experts/cpuExpertLayer.ts";
import type { ExpertSource, PartInFile } from "../experts/expertLoader.ts";
import type { GgufFile, TensorInfo } from "../gguf/ggufFile.ts";
import type { ExpertNames, ExpertShape } from "../model/architecture.ts";
import { SluiceError } from "../support/errors.ts";
import { refuseScale, refuseShape } from "./tensorChecks.ts";

interface ExpertMatrixShape {
  readonly rows: number;
  readonly columns: number;
}

/** One of the matrices of each expert of a layer, and where all of them lie. */
interface ExpertMatrix {
  readonly matrix: CpuMatrix;
  readonly place: PartInFile;
}

/** @throws MissingTensorError; BadGgufError for another shape; SluiceError `unsupported-format` */
export function expertSource(
  file: GgufFile,
  layer: number,
  names: ExpertNames,
  { expertCount, hiddenSize, expertSize }: ExpertShape,
): ExpertSource {
  const wide = { rows: expertSize, columns: hiddenSize };
  const tall = { rows: hiddenSize, columns: expertSize };
  const { gate, up } = file.tensors.has(`${names.gateUp}.weight`)
    ? fusedMatrices(file, names.gateUp, wide, expertCount)
    : {
        gate: expertMatrix(file, names.gate, wide, expertCount),
        up: expertMatrix(file, names.up, wide, expertCount),
      };
  const down = expertMatrix(file, names.down, tall, expertCount);
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
  return { layer: experts, parts };
}

function expertMatrix(
  file: GgufFile,
  name: string,
  shape: ExpertMatrixShape,
  expertCount: number,
): ExpertMatrix {
  const tensor = expertTensor(file, name, shape, expertCount);
  const matrix = new CpuMatrix(name, tensor.format, shape);
  return { matrix, place: { tensor, firstByte: 0, strideBytes: matrix.byteLength } };
}

/** Gate and up in one tensor: of each expert first the rows of the gate, then those of up. */
function fusedMatrices(
  file: GgufFile,
  name: string,
  shape: ExpertMatrixShape,
  expertCount: number,
): { gate: ExpertMatrix; up: ExpertMatrix } {
  const { rows, columns } = shape;
  const tensor = expertTensor(file, name, { rows: 2 * rows, columns }, expertCount);
  const half = (index: 0 | 1): ExpertMatrix => {
    const matrix = new CpuMatrix(name, tensor.format, shape);
    const { byteLength } = matrix;
    const firstByte = index * byteLength;
    return { matrix, place: { tensor, firstByte, strideBytes: 2 * byteLength } };
  };
  return { gate: half(0), up: half(1) };
}

function expertTensor(
  file: GgufFile,
  name: string,
  shape: ExpertMatrixShape,
  expertCount: number,
): TensorInfo {
  const tensor = file.tensor(`${name}.weight`);
  const expected = [shape.columns, shape.rows, expertCount];
  if (expected.some((size, index) => (tensor.shape[index] ?? 1) !== size))
    refuseShape(file, tensor, expected);
  refuseScale(file, name);
  if (file.tensors.has(`${name}.bias`)) {
    throw new SluiceError(
      "unsupported-format",
      `${file.name}: experts with biases ("${name}.bias") are not supported yet`,
    );
  }
  return tensor;
}
