/**
 * A report as one HTML file that needs nothing else: no network, no script. Each chart is drawn twice,
 * for wide and for narrow windows, in colours that follow the reader's choice of light or dark.
 */
import { type ChartFrame, type DrawChart, loadCharts } from "./chartSvg.ts";
import { type Figure, figuresOf } from "./figures.ts";
import { escaped, Html, html, table } from "./html.ts";
import { pageStyle } from "./pageStyle.ts";
import { lightPalette, themedPalette } from "./palette.ts";
import type { TraceReport } from "./traceReport.ts";

const widths = { full: 1148, half: 556, narrow: 358 } as const;

/** The whole file. */
export async function reportPage(report: TraceReport): Promise<string> {
  const draw = await loadCharts();
  const { header } = report.analysis;
  const figures = figuresOf(report.analysis, report.curves);
  const body = inPairs(figures).map((group) => {
    const sections = group.map((figure) => section(figure, draw));
    return group.length === 1 ? sections : html`<div class="pair">${sections}</div>\n`;
  });
  // Nothing is loaded and nothing runs, even if some text should ever get through as HTML.
  const security = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${security}">
<title>Routing of ${header.model}</title>
<style>${new Html(pageStyle())}</style>
</head>
<body><main>
<h1>Routing of ${header.model}</h1>
${facts(report)}
${body}
<footer><p>Definitions and sources: docs/trace-metrics.md of sluice.</p></footer>
</main></body>
</html>
`;
  return page.text;
}

/** The charts as files of their own, by name, in the light colours. */
export async function reportSvgs(report: TraceReport): Promise<Map<string, string>> {
  const draw = await loadCharts();
  const figures = figuresOf(report.analysis, report.curves);
  return new Map(
    figures.map((figure) => {
      const option = figure.draw(wideFrame(figure), lightPalette);
      const svg = draw(
        { ...option, backgroundColor: lightPalette.surface },
        wideFrame(figure),
        lightPalette,
      );
      const title = `<title>${escaped(figure.title)}</title>`;
      const crisp = "<style>image { image-rendering: pixelated; }</style>";
      return [`${figure.name}.svg`, svg.replace(/<svg[^>]*>/, (tag) => tag + title + crisp)];
    }),
  );
}

function facts({ analysis, accounting }: TraceReport): Html {
  const { header, tokens, tokenCycle, sequences, skew } = analysis;
  const { layerCount, expertsPerLayer, expertsPerToken, expertBytes } = header;
  const cycleBytes = expertBytes.reduce((sum, bytes) => sum + bytes * expertsPerToken, 0);
  const entries: [string, string][] = [
    ["architecture", header.architecture],
    ["recorded by", header.origin],
    [
      "shape",
      `${counted(layerCount, "layer")} × ${counted(expertsPerLayer, "expert")}, top-${expertsPerToken}`,
    ],
    ["tokens", `${tokens.prefill} prompt, ${tokens.decode} decode`],
    ["sequences", String(sequences)],
    [
      "token cycle T",
      `${counted(tokenCycle, "slot")}${cycleBytes > 0 ? `, ${(cycleBytes / 2 ** 20).toFixed(0)} MiB` : ""}`,
    ],
    ["cliff", counted(analysis.cliff, "slot")],
    ["experts used", `${skew.usedExperts} of ${layerCount * expertsPerLayer}`],
    ["accounting", accounting],
  ];
  return html`<dl>${entries.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function section(figure: Figure, draw: DrawChart): Html {
  const picture = (frame: ChartFrame) => {
    const svg = draw(figure.draw(frame, themedPalette), frame, themedPalette);
    const label = `role="img" aria-label="${escaped(figure.title)}"`;
    return new Html(svg.replace("<svg", `<svg ${label}`));
  };
  const narrow = { width: widths.narrow, height: figure.heights[1], isNarrow: true };
  return html`<section id="${figure.name}">
<h2>${figure.title}</h2>
<p>${figure.text}</p>
<figure><div class="wide">${picture(wideFrame(figure))}</div>
<div class="narrow">${picture(narrow)}</div></figure>
${
  figure.table === undefined
    ? ""
    : html`<details><summary>Numbers</summary>${table(figure.table.head, figure.table.rows)}</details>`
}
</section>
`;
}

function wideFrame({ isHalf, heights }: Figure): ChartFrame {
  return { width: isHalf ? widths.half : widths.full, height: heights[0], isNarrow: false };
}

/** Halves that follow each other share a row. */
function inPairs(figures: readonly Figure[]): Figure[][] {
  const groups: Figure[][] = [];
  for (const figure of figures) {
    const last = groups.at(-1);
    if (figure.isHalf && last?.length === 1 && last[0]!.isHalf) last.push(figure);
    else groups.push([figure]);
  }
  return groups;
}
