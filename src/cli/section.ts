/** Facts under a heading: a label and a value on each line. */
import { tableLines } from "./table.ts";
import { heading, printable } from "./terminal.ts";

export type Row = readonly [label: string, value: string | undefined];

/** Stands for a value that is `undefined`. */
export const unknown = "not said";

/** No rows are no section. */
export function sectionLines(title: string, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(([label, value]) => [`  ${label}`, printable(value ?? unknown)]);
  return [heading(title), ...tableLines(cells)];
}
