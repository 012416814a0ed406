import fc from "fast-check";
import { expect, test } from "vitest";
import type { BlockFormat } from "../../src/numerics/formats/blockFormat.ts";
import { formats } from "../../src/numerics/formats/index.ts";

const BLOCKS = 3;
const everyFormat = Object.values(formats);

const blocksOf = ({ blockBytes }: BlockFormat) =>
  fc.uint8Array({ minLength: BLOCKS * blockBytes, maxLength: BLOCKS * blockBytes });

function decode(format: BlockFormat, blocks: Uint8Array): Float32Array {
  const output = new Float32Array((blocks.length / format.blockBytes) * format.blockElements);
  format.dequantise(blocks, output);
  return output;
}

test.each(everyFormat)("$name: decoding block by block equals decoding the whole", (format) => {
  const { blockBytes, blockElements } = format;
  fc.assert(
    fc.property(blocksOf(format), (bytes) => {
      const whole = decode(format, bytes);
      for (let i = 0; i < BLOCKS; i++) {
        const one = decode(format, bytes.subarray(i * blockBytes, (i + 1) * blockBytes));
        expect(one).toEqual(whole.subarray(i * blockElements, (i + 1) * blockElements));
      }
    }),
    { numRuns: 20 },
  );
});

test.each(everyFormat)("$name: a block's values depend on its own bytes alone", (format) => {
  const { blockBytes, blockElements } = format;
  const poisons = fc.integer({ min: 1, max: 255 });
  fc.assert(
    fc.property(blocksOf(format), poisons, (bytes, poison) => {
      const middle = decode(format, bytes).subarray(blockElements, 2 * blockElements);
      const poisoned = bytes.map((byte, i) =>
        Math.floor(i / blockBytes) === 1 ? byte : byte ^ poison,
      );
      expect(decode(format, poisoned).subarray(blockElements, 2 * blockElements)).toEqual(middle);
    }),
    { numRuns: 20 },
  );
});

test.each(everyFormat)("$name: neither address nor kind of memory matters", (format) => {
  fc.assert(
    fc.property(blocksOf(format), fc.integer({ min: 0, max: 9 }), (bytes, offset) => {
      const shared = new Uint8Array(new SharedArrayBuffer(offset + bytes.length + 5)).fill(0xa5);
      const view = shared.subarray(offset, offset + bytes.length);
      view.set(bytes);
      const expected = decode(format, bytes);
      const frame = new Float32Array(expected.length + 2).fill(7);

      format.dequantise(view, frame.subarray(1, -1));

      expect(frame.subarray(1, -1)).toEqual(expected);
      expect([frame.at(0), frame.at(-1)]).toEqual([7, 7]);
      expect(view).toEqual(bytes);
    }),
    { numRuns: 20 },
  );
});
