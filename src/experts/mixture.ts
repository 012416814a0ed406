/** Regroups a routing by expert, so that each expert's weights are read once per batch. */
import type { Routing } from "./experts.ts";

/** A (token, expert) pair gets a row; the rows of one expert lie together. */
export interface Mixture {
  /** One group per expert that was chosen, in the order in which the routing first names them. */
  readonly groups: readonly ExpertGroup[];
  /** Row of each pair, `[tokens, k]` as in the routing. */
  readonly rows: Int32Array;
  readonly rowCount: number;
}

export interface ExpertGroup {
  readonly expert: number;
  /** The batch's tokens this expert serves, ascending. */
  readonly tokens: readonly number[];
  readonly firstRow: number;
}

export function groupByExpert({ experts, k }: Routing): Mixture {
  const groups: Group[] = [];
  const groupOf = new Map<number, Group>();
  for (let pair = 0; pair < experts.length; pair++) {
    const expert = experts[pair] as number;
    const token = Math.floor(pair / k);
    const known = groupOf.get(expert);
    if (known !== undefined) {
      known.tokens.push(token);
      continue;
    }
    const group = { expert, tokens: [token], firstRow: 0, nextRow: 0 };
    groupOf.set(expert, group);
    groups.push(group);
  }
  let firstRow = 0;
  for (const group of groups) {
    group.firstRow = firstRow;
    group.nextRow = firstRow;
    firstRow += group.tokens.length;
  }
  const rows = new Int32Array(experts.length);
  for (let pair = 0; pair < experts.length; pair++) {
    rows[pair] = (groupOf.get(experts[pair] as number) as Group).nextRow++;
  }
  return { groups, rows, rowCount: experts.length };
}

interface Group {
  readonly expert: number;
  readonly tokens: number[];
  firstRow: number;
  /** Of the next pair, while rows are given out. */
  nextRow: number;
}
