/** Numbers for people: three digits that count and a unit. */

/** `1536` -> "1.50 KiB" */
export function bytesText(bytes: number): string {
  return scaled(bytes, 1024, ["bytes", "KiB", "MiB", "GiB", "TiB"]);
}

/** `8100672` -> "8.10 million" */
export function countText(count: number): string {
  return scaled(count, 1000, ["", "thousand", "million", "billion", "trillion"]);
}

/** `83.4` -> "83.4", `1234.5` -> "1235", `0` -> "0.00" */
export function threeDigits(value: number): string {
  // At the edges, rounding up must not add a digit.
  return value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let unit = 0;
  let left = value;
  // What would be rounded up to a whole step belongs to the next unit.
  while (left >= step - 0.5 && unit < units.length - 1) {
    left /= step;
    unit++;
  }
  const digits = unit === 0 ? String(Math.round(left)) : threeDigits(left);
  return `${digits} ${units[unit]}`.trimEnd();
}
