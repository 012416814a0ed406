/**
 * A matrix as a picture, one pixel per entry: an SVG of tens of thousands of rectangles would weigh
 * megabytes, this weighs some ten kilobytes whatever the model.
 * Source: PNG (Portable Network Graphics) Specification, third edition, W3C 2025, colour type 3.
 */
import { crc32, deflateSync } from "node:zlib";
import { heatColour } from "./palette.ts";

/** Larger matrices are averaged down to this. */
const mostColumns = 1024;
const mostRows = 256;
/** Steps of the ramp: more could not be told apart, and fewer bits pack better. */
const steps = 64;

export interface HeatImage {
  readonly dataUri: string;
  readonly columns: number;
  readonly rows: number;
}

/**
 * @param rows each as long as the others; NaN, and 0 where `zeroIsEmpty`, stay transparent
 * @param hottest the value of the hottest colour; what is above has the same
 */
export function heatImage(
  rows: readonly ArrayLike<number>[],
  { hottest, zeroIsEmpty = false }: { hottest: number; zeroIsEmpty?: boolean },
): HeatImage {
  const shown = shrunk(rows);
  const height = shown.length;
  const width = shown[0]?.length ?? 0;
  const scanlines = new Uint8Array(height * (width + 1));
  shown.forEach((row, y) => {
    row.forEach((value, x) => {
      const isEmpty = Number.isNaN(value) || (zeroIsEmpty && value === 0);
      const heat = hottest === 0 ? 0 : Math.min(1, value / hottest);
      // The first byte of a line says that its bytes are as they are; colour 0 is transparent.
      scanlines[y * (width + 1) + 1 + x] = isEmpty ? 0 : 1 + Math.round(heat * (steps - 1));
    });
  });
  return { dataUri: pngDataUri(width, height, scanlines), columns: width, rows: height };
}

/** The ramp itself, cold to hot, for a legend. */
export function rampImage(): HeatImage {
  const values = Array.from({ length: steps }, (_, step) => step / (steps - 1));
  return heatImage([values], { hottest: 1 });
}

/** Means of equal pieces, where there are more entries than pixels. NaN counts for nothing. */
function shrunk(rows: readonly ArrayLike<number>[]): number[][] {
  const columnCount = rows[0]?.length ?? 0;
  const width = Math.min(columnCount, mostColumns);
  const height = Math.min(rows.length, mostRows);
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      let [sum, count] = [0, 0];
      for (
        let row = start(y, rows.length, height);
        row < start(y + 1, rows.length, height);
        row++
      ) {
        for (let at = start(x, columnCount, width); at < start(x + 1, columnCount, width); at++) {
          const value = rows[row]![at]!;
          if (Number.isNaN(value)) continue;
          sum += value;
          count++;
        }
      }
      return count === 0 ? NaN : sum / count;
    }),
  );
}

function start(pixel: number, entries: number, pixels: number): number {
  return Math.floor((pixel * entries) / pixels);
}

function pngDataUri(width: number, height: number, scanlines: Uint8Array): string {
  const size = new DataView(new ArrayBuffer(13));
  size.setUint32(0, Math.max(1, width));
  size.setUint32(4, Math.max(1, height));
  size.setUint8(8, 8); // bits per pixel
  size.setUint8(9, 3); // an index into the palette
  const colours = Array.from({ length: steps }, (_, step) => heatColour(step / (steps - 1)));
  const pixels = width === 0 || height === 0 ? new Uint8Array(2) : scanlines;
  const png = Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(size.buffer)),
    chunk("PLTE", Uint8Array.from([[0, 0, 0], ...colours].flat())),
    chunk("tRNS", Uint8Array.of(0)),
    chunk("IDAT", deflateSync(pixels, { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
  return `data:image/png;base64,${png.toString("base64")}`;
}

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([frame, body, checksum]);
}
