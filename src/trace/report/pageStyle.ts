/** The report's style sheet: one column on phones, two from 800 px on. */
import { paletteCss } from "./palette.ts";

/** Below this width charts are drawn for narrow frames. */
const breakpoint = "800px";

export function pageStyle(): string {
  return `${paletteCss()}
* { box-sizing: border-box; }
body { margin: 0; background: var(--surface); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 20px 16px 60px; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0 0 2px; }
p { margin: 0 0 8px; max-width: 74ch; }
section p, footer { color: var(--muted); font-size: 0.9rem; }
.pair { display: grid; gap: 0 36px; }
@media (min-width: ${breakpoint}) { .pair { grid-template-columns: 1fr 1fr; } }
section { margin-top: 36px; min-width: 0; }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; }
svg image { image-rendering: pixelated; }
.wide { display: none; }
@media (min-width: ${breakpoint}) { .wide { display: block; } .narrow { display: none; } }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--grid); text-align: right;
  white-space: nowrap; }
th { font-weight: 500; color: var(--muted); }
th:first-child { text-align: left; }
details { font-size: 0.9rem; margin-top: 4px; }
summary { color: var(--muted); cursor: pointer; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px 24px;
  margin: 0; padding: 12px 0; border-block: 1px solid var(--grid); }
dt { color: var(--muted); font-size: 0.8rem; }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
@media print { details > *, .scroll { break-inside: avoid; } }
`;
}
