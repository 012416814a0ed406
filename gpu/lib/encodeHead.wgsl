// Encodes a head that a workgroup has just written: `size` values of `output` from `start` on, whole
// blocks, to their place in `encoded`. Called by all invocations together.

fn encodeHead(local: u32, start: u32, size: u32) {
  storageBarrier();
  for (var first = 0u; first < size; first += 4u * workgroupSize) {
    let column = first + 4u * local;
    let at = start + min(column, size - 4u);
    let values = vec4(output[at], output[at + 1u], output[at + 2u], output[at + 3u]);
    encodeFour(local, values, (start + column) / ENCODED_VALUES, column < size);
    workgroupBarrier(); // before the next blocks' sums come where these are
  }
}
