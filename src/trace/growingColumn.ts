/** A typed array that grows as values are appended, for columns whose length nobody knows yet. */

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array;

export class GrowingColumn<T extends Numbers> {
  readonly #create: (buffer: ArrayBufferLike) => T;
  #values: T;
  #length = 0;

  /** @param create views a buffer of bytes, as in `(buffer) => new Uint16Array(buffer)` */
  constructor(create: (buffer: ArrayBufferLike) => T) {
    this.#create = create;
    this.#values = create(new ArrayBuffer(4096));
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    this.#makeRoom(1);
    this.#values[this.#length++] = value;
  }

  append(values: T): void {
    this.#makeRoom(values.length);
    this.#values.set(values, this.#length);
    this.#length += values.length;
  }

  /** The values in shared memory of exactly their size. */
  shared(): T {
    const used = this.#values.subarray(0, this.#length);
    const copy = this.#create(new SharedArrayBuffer(used.byteLength));
    copy.set(used);
    return copy;
  }

  #makeRoom(count: number): void {
    if (this.#length + count <= this.#values.length) return;
    const length = Math.max(this.#length + count, this.#values.length * 2);
    const grown = this.#create(new ArrayBuffer(length * this.#values.BYTES_PER_ELEMENT));
    grown.set(this.#values.subarray(0, this.#length));
    this.#values = grown;
  }
}
