/** Regroups a routing by expert, so that each expert's weights are read once per batch. */
import type { Routing } from "./experts.ts";

/** A (token, expert) pair gets a row; the rows of one expert lie together. */
export interface Mixture {
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

export function groupByExpert(routing: Routing): Mixture {
  const pairsOf = new Map<number, number[]>();
  for (const [pair, expert] of routing.experts.entries()) {
    const pairs = pairsOf.get(expert);
    if (pairs === undefined) pairsOf.set(expert, [pair]);
    else pairs.push(pair);
  }
  const rows = new Int32Array(routing.experts.length);
  const groups: ExpertGroup[] = [];
  let firstRow = 0;
  for (const [expert, pairs] of pairsOf) {
    for (const [offset, pair] of pairs.entries()) rows[pair] = firstRow + offset;
    groups.push({ expert, tokens: pairs.map((pair) => Math.floor(pair / routing.k)), firstRow });
    firstRow += pairs.length;
  }
  return { groups, rows, rowCount: firstRow };
}
