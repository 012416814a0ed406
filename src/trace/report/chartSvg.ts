/**
 * Draws charts as SVG without a browser. Everything that a chart library adds for pointers is taken
 * out: a report is read, and stays the same when it is printed.
 */
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import type { Palette } from "./palette.ts";

/** The room a chart has, in CSS pixels. */
export interface ChartFrame {
  readonly width: number;
  readonly height: number;
  /** Phones: fewer ticks, shorter labels, the legend in several rows. */
  readonly isNarrow: boolean;
}

export type ChartOption = EChartsCoreOption;

/** Draws a chart into a frame with the colours given. */
export type DrawChart = (option: ChartOption, frame: ChartFrame, palette: Palette) => string;

/** Loads the chart library, half a second's work, and gives what draws with it. */
export async function loadCharts(): Promise<DrawChart> {
  const [core, charts, components, renderers] = await Promise.all([
    import("echarts/core"),
    import("echarts/charts"),
    import("echarts/components"),
    import("echarts/renderers"),
  ]);
  core.use([
    ...[charts.LineChart, charts.BarChart, renderers.SVGRenderer],
    ...[components.GridComponent, components.LegendComponent, components.GraphicComponent],
    ...[components.MarkLineComponent, components.MarkAreaComponent],
  ]);
  let drawn = 0;
  return (option, { width, height }, palette) => {
    const chart = core.init(null, null, { renderer: "svg", ssr: true, width, height });
    try {
      chart.setOption({ ...baseOption(palette), ...option });
      return cleanSvg(svgOf(chart), `c${drawn++}`);
    } finally {
      chart.dispose(); // else the process would not end
    }
  };
}

function svgOf(chart: EChartsType): string {
  return chart.renderToSVGString({ useViewBox: true });
}

function baseOption(palette: Palette): ChartOption {
  return {
    animation: false,
    color: [...palette.series],
    textStyle: { fontFamily: "system-ui, sans-serif", fontSize: 13, color: palette.ink },
  };
}

/** Without rules for pointers, and with ids that no other chart of the page has. */
function cleanSvg(svg: string, id: string): string {
  return svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, "")
    .replace(/ (class="zr\d+-cls-\d+"|ecmeta_\w+="[^"]*"|pointer-events="\w+")/g, "")
    .replace(/\bzr\d+-c(\d+)\b/g, `${id}-$1`)
    .replace(/ (width|height)="(\d+)"(?=[^>]*xmlns)/g, "")
    .replace(/ xmlns:xlink="[^"]*"| version="1.1"| baseProfile="full"/g, "")
    .replaceAll("<image ", '<image preserveAspectRatio="none" ')
    .replace(/\n+/g, "\n");
}

/** Parts that axes of all charts have. */
export function axis(palette: Palette, own: object): object {
  return {
    axisLine: { show: true, lineStyle: { color: palette.muted } },
    axisTick: { show: true, lineStyle: { color: palette.muted } },
    axisLabel: { color: palette.muted, fontSize: 12 },
    splitLine: { lineStyle: { color: palette.grid } },
    nameLocation: "middle",
    nameTextStyle: { color: palette.muted, fontSize: 12 },
    ...own,
  };
}

/**
 * A legend above the chart, in columns, and the height that it takes. Every name has a place of its
 * own: the library guesses how wide letters are, and what it lays out itself overlaps in wide fonts.
 */
export function legend(
  palette: Palette,
  names: readonly string[],
  { width }: ChartFrame,
): { readonly option: readonly object[]; readonly height: number } {
  const rowHeight = 21;
  const longest = names.reduce((most, { length }) => Math.max(most, length), 0);
  const columnWidth = 44 + 7 * longest;
  const columns = Math.min(names.length, Math.max(1, Math.floor(width / columnWidth)));
  const left = Math.max(0, (width - columns * columnWidth) / 2);
  const option = names.map((name, index) => ({
    ...{ data: [name], itemWidth: 26, itemHeight: 9, padding: 0 },
    left: left + columnWidth * (index % columns),
    top: 4 + rowHeight * Math.floor(index / columns),
    textStyle: { color: palette.ink, fontSize: 12 },
  }));
  return { option, height: rowHeight * Math.ceil(names.length / columns) };
}

/** How the line number `index` of a chart looks: colour, dash and mark all differ. */
export function lineLook(palette: Palette, index: number): object {
  const colour = palette.series[index % palette.series.length]!;
  const dashes = ["solid", [7, 3], [2, 3], [9, 3, 2, 3]] as const;
  const marks = ["circle", "rect", "triangle", "diamond"] as const;
  return {
    lineStyle: {
      color: colour,
      width: 2,
      type: dashes[(index + Math.floor(index / marks.length)) % dashes.length],
    },
    itemStyle: { color: colour, borderColor: colour },
    symbol: marks[index % marks.length],
    symbolSize: 7,
  };
}
