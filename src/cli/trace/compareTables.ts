/** A comparison for people, for spreadsheets and for programs. */
import type { CompareRow } from "../../trace/index.ts";
import { bytesText, threeDigits } from "../quantities.ts";
import { tableLines } from "../table.ts";
import { heading, printable } from "../terminal.ts";

/** All rows of one trace. */
export interface ComparedTrace {
  readonly file: string;
  readonly accounting: string;
  readonly hasDecode: boolean;
  /** Capacity by capacity, `policyCount` for each. */
  readonly rows: readonly CompareRow[];
  readonly policyCount: number;
}

/** A table for each capacity, and an overview where there are several. */
export function compareLines(compared: ComparedTrace): string[] {
  const { file, accounting, hasDecode, rows, policyCount } = compared;
  const groups = Array.from({ length: rows.length / policyCount }, (_, index) =>
    rows.slice(index * policyCount, (index + 1) * policyCount),
  );
  const lines = groups.flatMap((group) => {
    const { slots, bytes, cycles } = group[0]!;
    const size = bytes === undefined ? "" : `, ${bytesText(bytes)}`;
    const title = `${file}, ${slots} slots = ${threeDigits(cycles)} T${size}, ${accounting}`;
    return [heading(printable(title)), ...capacityTable(group), ""];
  });
  if (groups.length === 1) return lines.slice(0, -1);
  const phase = hasDecode ? "decode" : "total";
  return [
    ...lines,
    heading(printable(`${file}, hit % (${phase}) by slots`)),
    ...overview(groups, phase),
  ];
}

interface Column {
  readonly name: string;
  readonly text: (row: CompareRow) => string;
  /** Shown only if some row has something to show. */
  readonly isNeeded?: (row: CompareRow) => boolean;
}

const columns: readonly Column[] = [
  { name: "decode %", text: ({ hitRate }) => percent(hitRate.decode) },
  { name: "prefill %", text: ({ hitRate }) => percent(hitRate.prefill) },
  { name: "total %", text: ({ hitRate }) => percent(hitRate.total) },
  { name: "bytes %", text: ({ byteHitRate }) => percent(byteHitRate) },
  {
    name: "moved",
    text: ({ bytesMoved = 0 }) => bytesText(bytesMoved),
    isNeeded: ({ bytesMoved }) => bytesMoved !== undefined,
  },
  { name: "evicted", text: ({ evictions }) => String(evictions) },
  {
    name: "bypassed",
    text: ({ bypasses }) => String(bypasses),
    isNeeded: ({ bypasses }) => bypasses > 0,
  },
  {
    name: "stall ms/token",
    text: ({ stallMsPerToken = 0 }) => threeDigits(stallMsPerToken),
    isNeeded: ({ stallMsPerToken }) => stallMsPerToken !== undefined,
  },
  { name: "regret %", text: ({ regret }) => percent(regret) },
  { name: "of belady %", text: ({ ratioToBelady }) => percent(ratioToBelady) },
  prefetchColumn("prefetched", ({ issued }) => String(issued)),
  prefetchColumn("useful %", ({ issued, useful }) => percent(issued === 0 ? 0 : useful / issued)),
  prefetchColumn("early bytes", ({ bytes }) => (bytes === undefined ? "" : bytesText(bytes))),
];

function prefetchColumn(
  name: string,
  text: (prefetch: NonNullable<CompareRow["prefetch"]>) => string,
): Column {
  return {
    name,
    text: ({ prefetch }) => (prefetch === undefined ? "" : text(prefetch)),
    isNeeded: ({ prefetch }) => prefetch !== undefined,
  };
}

function capacityTable(rows: readonly CompareRow[]): string[] {
  const shown = columns.filter(({ isNeeded = () => true }) => rows.some(isNeeded));
  const cells = rows.map((row) => [printable(row.policy), ...shown.map(({ text }) => text(row))]);
  return numberTable([["policy", ...shown.map(({ name }) => name)], ...cells]);
}

function overview(groups: readonly (readonly CompareRow[])[], phase: "decode" | "total"): string[] {
  const first = groups[0]!;
  const slots = groups.map((group) => String(group[0]!.slots));
  const cycles = groups.map((group) => `${threeDigits(group[0]!.cycles)} T`);
  const rows = first.map(({ policy }, index) => [
    printable(policy),
    ...groups.map((group) => percent(group[index]!.hitRate[phase])),
  ]);
  return numberTable([["policy", ...slots], ["", ...cycles], ...rows]);
}

function numberTable(rows: readonly (readonly string[])[]): string[] {
  return tableLines(
    rows,
    rows[0]!.map((_, column) => column).filter((column) => column > 0),
  );
}

function percent(rate: number): string {
  const text = (100 * rate).toFixed(1);
  return text === "-0.0" ? "0.0" : text;
}

/** Names of the columns of {@link csvLine}; rates are between 0 and 1, what is unknown is empty. */
const csvColumns: readonly (readonly [
  name: string,
  value: (row: CompareRow) => number | string | undefined,
])[] = [
  ["policy", ({ policy }) => policy],
  ["slots", ({ slots }) => slots],
  ["bytes", ({ bytes }) => bytes],
  ["cycles", ({ cycles }) => cycles],
  ["hit_decode", ({ hitRate }) => hitRate.decode],
  ["hit_prefill", ({ hitRate }) => hitRate.prefill],
  ["hit_total", ({ hitRate }) => hitRate.total],
  ["byte_hit", ({ byteHitRate }) => byteHitRate],
  ["bytes_moved", ({ bytesMoved }) => bytesMoved],
  ["evictions", ({ evictions }) => evictions],
  ["inserts", ({ inserts }) => inserts],
  ["bypasses", ({ bypasses }) => bypasses],
  ["stall_ms_per_token", ({ stallMsPerToken }) => stallMsPerToken],
  ["regret", ({ regret }) => regret],
  ["ratio_to_belady", ({ ratioToBelady }) => ratioToBelady],
  ["predictor", ({ prefetch }) => prefetch?.predictor],
  ["prefetch_issued", ({ prefetch }) => prefetch?.issued],
  ["prefetch_useful", ({ prefetch }) => prefetch?.useful],
  ["prefetch_wasted", ({ prefetch }) => prefetch?.wasted],
  ["prefetch_bytes", ({ prefetch }) => prefetch?.bytes],
];

export function csvHead(): string {
  return ["file", ...csvColumns.map(([name]) => name), "accounting"].join(",");
}

export function csvLine(row: CompareRow, { file, accounting }: ComparedTrace): string {
  const cells = [file, ...csvColumns.map(([, value]) => value(row)), accounting];
  return cells.map((cell) => quotedCell(String(cell ?? ""))).join(",");
}

/** Source: RFC 4180. */
function quotedCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
