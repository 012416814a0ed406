/**
 * Which experts worked, as a picture in characters: a line per layer, a cell per expert, the darker
 * the more often. Large models are folded until they fit: a cell then stands for several experts, a
 * line for several layers.
 */

/** From light to dark. */
const shades = ["·", "░", "▒", "▓", "█"] as const;
const legend = "· never  ░ seldom  ▒ about average  ▓ from 1.5x  █ from 2.5x";

/** With the label in front, lines fit into 80 columns. */
const widthLimit = 64;
const lineLimit = 24;

/**
 * Draws uses of each expert, `[layer][expert]`; layers without any are left out.
 *
 * @returns the lines; none if no expert was used
 */
export function useMapLines(counts: readonly (readonly number[])[]): string[] {
  const layers = counts
    .map((uses, layer) => ({ layer, uses }))
    .filter(({ uses }) => uses.some((count) => count > 0));
  const expertCount = layers[0]?.uses.length ?? 0;
  if (expertCount === 0) return [];

  const expertsPerCell = Math.ceil(expertCount / widthLimit);
  const cellCount = Math.ceil(expertCount / expertsPerCell);
  // Two characters make a cell about as wide as it is high.
  const cellWidth = cellCount * 2 <= widthLimit ? 2 : 1;
  const layersPerLine = Math.ceil(layers.length / lineLimit);
  const groups = chunks(layers, layersPerLine);
  const labels = groups.map((group) => rangeLabel(group.map(({ layer }) => layer)));
  const labelWidth = Math.max(...labels.map((label) => label.length));

  const scale = scaleLine(cellCount, expertsPerCell, cellWidth);
  const lines = groups.map((group, index) => {
    const averages = meanOf(group.map(({ uses }) => chunks(uses, expertsPerCell).map(mean)));
    const even = mean(averages);
    const cells = averages.map((average) => shadeOf(average / even).repeat(cellWidth)).join("");
    return `layer ${(labels[index] ?? "").padStart(labelWidth)} ${cells}`;
  });
  const indent = " ".repeat("layer  ".length + labelWidth);
  return [`${indent}${scale}`, ...lines, `${indent}${legend}`];
}

/** `share` is in multiples of the average over the line. */
function shadeOf(share: number): string {
  if (share === 0) return shades[0];
  if (share < 0.75) return shades[1];
  if (share < 1.5) return shades[2];
  return share < 2.5 ? shades[3] : shades[4];
}

/** Numbers of experts above their cells, at every eighth cell. */
function scaleLine(cellCount: number, expertsPerCell: number, cellWidth: number): string {
  let line = "";
  for (let cell = 0; cell < cellCount; cell += 8) {
    line = line.padEnd(cell * cellWidth) + String(cell * expertsPerCell);
  }
  return line;
}

function rangeLabel(layers: readonly number[]): string {
  const [first] = layers;
  const last = layers.at(-1);
  return first === last ? `${first}` : `${first}-${last}`;
}

/** Position by position, over lists of equal length. */
function meanOf(lists: readonly (readonly number[])[]): number[] {
  return (lists[0] ?? []).map((_, index) => mean(lists.map((list) => list[index] ?? 0)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
