/**
 * The shortest decimal number that reads back as the same 32-bit float: "0.1", where the exact value
 * is 0.10000000149011612. Nine digits are always enough.
 */
export function floatText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}
