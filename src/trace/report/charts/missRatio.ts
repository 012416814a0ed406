/** Miss ratio by cache size, per policy, between the optimum and the cliff. */
import { axis, type ChartFrame, type ChartOption, legend, lineLook } from "../chartSvg.ts";
import type { MissCurve } from "../missCurves.ts";
import type { Palette } from "../palette.ts";
import type { TraceAnalysis } from "../traceAnalysis.ts";

export function missRatioChart(
  curves: readonly MissCurve[],
  { tokenCycle, cliff }: TraceAnalysis,
  frame: ChartFrame,
  palette: Palette,
): ChartOption {
  const cycles = curves.flatMap(({ points }) => points.map(({ slots }) => slots / tokenCycle));
  const least = 2 ** Math.floor(Math.log2(Math.min(...cycles)));
  const most = 2 ** Math.ceil(Math.log2(Math.max(...cycles)));
  const marks = {
    markArea: {
      silent: true,
      itemStyle: { color: palette.shade },
      data: [[{ xAxis: least }, { xAxis: cliff / tokenCycle }]],
    },
    markLine: {
      ...{ silent: true, symbol: "none" },
      label: {
        ...{ color: palette.muted, fontSize: 12, position: "insideEndTop", rotate: 0 },
        ...{ align: "right", distance: [6, 6], textBorderWidth: 0 },
        formatter: frame.isNarrow ? `cliff: ${cliff}` : `recency hits nothing below ${cliff} slots`,
      },
      lineStyle: { color: palette.muted, type: "dashed", width: 1 },
      data: [{ xAxis: 1 }],
    },
  };
  let online = 0;
  const series = curves.map(({ policy, isBound, points }, index) => ({
    ...{ type: "line", name: policy, silent: true },
    ...(isBound ? boundLook(palette) : lineLook(palette, online++)),
    data: points.map(({ slots, missRatio }) => [slots / tokenCycle, 100 * missRatio]),
    ...(index === 0 && cliff > 1 ? marks : {}),
  }));
  const { option, height } = legend(
    palette,
    curves.map(({ policy }) => policy),
    frame,
  );
  return {
    legend: option,
    // Between legend and chart there is a line of text.
    grid: { left: 54, right: 16, top: height + 28, bottom: 50 },
    xAxis: axis(palette, {
      ...{ type: "log", logBase: 2, min: least, max: most, nameGap: 30 },
      name: frame.isNarrow
        ? `slots, in token cycles T = ${tokenCycle}`
        : `slots, in token cycles (T = ${tokenCycle} slots)`,
      axisLabel: { color: palette.muted, fontSize: 12, formatter: cycleLabel },
    }),
    yAxis: axis(palette, {
      ...{ type: "value", min: 0, max: 100, name: "miss ratio, %", nameGap: 36 },
    }),
    series,
  };
}

function cycleLabel(cycles: number): string {
  return cycles >= 1 ? `${cycles} T` : `1/${Math.round(1 / cycles)} T`;
}

function boundLook(palette: Palette): object {
  return {
    lineStyle: { color: palette.ink, width: 3, type: "solid" },
    itemStyle: { color: palette.ink },
    symbol: "none",
  };
}
