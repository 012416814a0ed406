/**
 * The k largest of many values, best first: which experts a router chose, which tokens a sampler may
 * draw. A binary heap of the k best so far, the worst of them on top, kept in the output itself.
 * Source: Knuth, The Art of Computer Programming, volume 3, section 5.2.3 (heapsort).
 */

/**
 * Writes the indices of the `k` largest values to `output[0..k)`, in descending order of value; equal
 * values in ascending order of index. NaN counts as less than every number.
 *
 * @param output at least `k` places; `k` is at most `values.length`, else `RangeError`
 */
export function topK(values: Float32Array, k: number, output: Int32Array): void {
  if (k > values.length || k > output.length) {
    throw new RangeError(
      `cannot select ${k} of ${values.length} values into ${output.length} places`,
    );
  }
  if (k <= 0) return;
  for (let i = 0; i < k; i++) output[i] = i;
  for (let place = (k >> 1) - 1; place >= 0; place--) siftDown(values, output, k, place);
  for (let i = k; i < values.length; i++) {
    if (!isBetter(values, i, output[0])) continue;
    output[0] = i;
    siftDown(values, output, k, 0);
  }
  // The worst of the heap goes to its end, again and again: what is left is best first.
  for (let size = k - 1; size > 0; size--) {
    const worst = output[0];
    output[0] = output[size];
    output[size] = worst;
    siftDown(values, output, size, 0);
  }
}

/** Moves the entry at `place` down until neither of its children is worse. */
function siftDown(values: Float32Array, heap: Int32Array, size: number, place: number): void {
  const entry = heap[place];
  for (;;) {
    let child = 2 * place + 1;
    if (child >= size) break;
    if (child + 1 < size && isBetter(values, heap[child], heap[child + 1])) child++;
    if (!isBetter(values, entry, heap[child])) break;
    heap[place] = heap[child];
    place = child;
  }
  heap[place] = entry;
}

/** Whether index `a` comes before index `b` in the result. */
function isBetter(values: Float32Array, a: number, b: number): boolean {
  const first = values[a];
  const second = values[b];
  if (first > second) return true;
  if (first < second) return false;
  // Equal, or one of them is NaN, or both.
  const secondIsNaN = Number.isNaN(second);
  return Number.isNaN(first) === secondIsNaN ? a < b : secondIsNaN;
}
