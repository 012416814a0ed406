// Attention over long contexts, second half: puts the chunks of attendSplit.wgsl together, and the
// head's sink with them.
//
//   partial  f32 [tokens, heads, chunks, valueSize + 2], as attendSplit.wgsl writes it
//   sinks    f32 [heads], only with the choice `sinks`: on
//   output   f32 [tokens, heads, valueSize]
//   encoded  the output in blocks, as attend.wgsl has it
//
// One workgroup a head of a token: x is the head, y the token. Its invocations take every
// workgroupSize-th column of the values; all of them go through the chunks.

//#import lib/exponential.wgsl
//#import lib/sinks/${sinks}.wgsl
//#import lib/headEncoding/${encoding}.wgsl

struct Parameters {
  heads: u32,
  valueSize: u32,
  chunks: u32,
}

override workgroupSize: u32 = 64;

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read> sinks: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> encoded: array<u32>;
@group(0) @binding(4) var<uniform> parameters: Parameters;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let head = workgroup.x;
  let row = workgroup.y * parameters.heads + head;
  let stride = parameters.valueSize + 2u;
  let start = row * parameters.chunks * stride;
  let end = start + parameters.chunks * stride;
  // The first chunk has at least one position.
  var largest = partial[start + parameters.valueSize];
  for (var chunk = start + stride; chunk < end; chunk += stride) {
    if (partial[chunk + parameters.valueSize + 1u] != 0.0) {
      largest = max(largest, partial[chunk + parameters.valueSize]);
    }
  }
  largest = withSink(largest, head);
  var sum = sinkShare(largest, head);
  for (var chunk = start; chunk < end; chunk += stride) {
    sum += partial[chunk + parameters.valueSize + 1u] * factorOf(chunk, largest);
  }
  for (var column = local; column < parameters.valueSize; column += workgroupSize) {
    var mixed = 0.0;
    for (var chunk = start; chunk < end; chunk += stride) {
      mixed += partial[chunk + column] * factorOf(chunk, largest);
    }
    output[row * parameters.valueSize + column] = mixed / sum;
  }
  encodeHead(local, row * parameters.valueSize, parameters.valueSize);
}

// What a chunk's exponentials, relative to its own largest score, must be multiplied by.
fn factorOf(chunk: u32, largest: f32) -> f32 {
  // A chunk without a position has no score to speak of.
  if (partial[chunk + parameters.valueSize + 1u] == 0.0) {
    return 0.0;
  }
  return exponential(partial[chunk + parameters.valueSize] - largest);
}
