/**
 * The colours of charts, in light and in dark: lines that differ for colour-blind eyes (after M. Okabe
 * and K. Ito, "Color Universal Design", 2008, darker on white and lighter on black), and a ramp whose
 * lightness grows evenly.
 */

export interface Palette {
  /** Text, axes and the optimum. */
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly surface: string;
  /** Where recency hits nothing. */
  readonly shade: string;
  /** What others are measured against. */
  readonly reference: string;
  readonly series: readonly string[];
}

export const lightPalette: Palette = {
  ink: "#1c2026",
  muted: "#59616d",
  grid: "#e1e4e9",
  surface: "#ffffff",
  shade: "#f3ece4",
  reference: "#8b939f",
  series: ["#0067a8", "#d55e00", "#008561", "#c2569b", "#5b3fa8", "#a97800", "#7a5230", "#4c7d8f"],
};

const darkPalette: Palette = {
  ink: "#e9ecf1",
  muted: "#a3abb8",
  grid: "#333941",
  surface: "#15181d",
  shade: "#272320",
  reference: "#7d8693",
  series: ["#5ab4f0", "#ff8a4c", "#34c79a", "#ee9fd0", "#a99cf5", "#e8bb3c", "#c79a72", "#8fbfd1"],
};

/** Colours by name, which {@link paletteCss} defines: a chart that follows the reader's choice. */
export const themedPalette: Palette = mapped(lightPalette, (name) => `var(--${name})`);

/** CSS rules that give the names of {@link themedPalette} their colours. */
export function paletteCss(): string {
  return [
    `:root { color-scheme: light dark; ${variables(lightPalette)} }`,
    `@media (prefers-color-scheme: dark) { :root { ${variables(darkPalette)} } }`,
  ].join("\n");
}

function variables(palette: Palette): string {
  const rules: string[] = [];
  mapped(palette, (name, colour) => {
    rules.push(`--${name}: ${colour};`);
    return colour;
  });
  return rules.join(" ");
}

function mapped(palette: Palette, change: (name: string, colour: string) => string): Palette {
  const { series, ...single } = palette;
  const names = Object.keys(single) as (keyof typeof single)[];
  const changed = names.map((name) => [name, change(name, single[name])]);
  return {
    ...(Object.fromEntries(changed) as typeof single),
    series: series.map((colour, index) => change(`series-${index}`, colour)),
  };
}

/**
 * Viridis at equal steps, from dark violet to yellow; between them it is read linearly.
 * Source: S. van der Walt and N. Smith, matplotlib 2.0, CC0.
 */
const viridis = [
  [0x44, 0x01, 0x54],
  [0x47, 0x2d, 0x7b],
  [0x3b, 0x52, 0x8b],
  [0x2c, 0x72, 0x8e],
  [0x21, 0x91, 0x8c],
  [0x28, 0xae, 0x80],
  [0x5e, 0xc9, 0x62],
  [0xad, 0xdc, 0x30],
  [0xfd, 0xe7, 0x25],
] as const;

/** Red, green and blue, 0 to 255, for a heat from 0 to 1. */
export function heatColour(heat: number): readonly [number, number, number] {
  const place = Math.min(1, Math.max(0, heat)) * (viridis.length - 1);
  const below = Math.min(viridis.length - 2, Math.floor(place));
  const mix = (channel: 0 | 1 | 2) => {
    const [from, to] = [viridis[below]![channel], viridis[below + 1]![channel]];
    return Math.round(from + (to - from) * (place - below));
  };
  return [mix(0), mix(1), mix(2)];
}
