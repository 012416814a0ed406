/** How unequally uses fall: the coverage curve, and skew by layer. */
import { axis, type ChartFrame, type ChartOption, legend, lineLook } from "../chartSvg.ts";
import type { Palette } from "../palette.ts";
import type { TraceAnalysis } from "../traceAnalysis.ts";

export function coverageChart(
  { coverage }: TraceAnalysis,
  frame: ChartFrame,
  palette: Palette,
): ChartOption {
  const experts = coverage.length - 1;
  const points = Array.from({ length: 101 }, (_, percent) => [
    percent,
    100 * coverage[Math.round((percent / 100) * experts)]!,
  ]);
  const line = { type: "line", silent: true, symbol: "none" };
  const { option, height } = legend(palette, ["this trace", "all alike"], frame);
  return {
    legend: option,
    grid: { left: 54, right: 16, top: height + 10, bottom: 48 },
    xAxis: axis(palette, {
      ...{ type: "value", min: 0, max: 100, name: "most used experts, % of all layers' experts" },
      ...{ nameGap: 28, interval: 25 },
    }),
    yAxis: axis(palette, { type: "value", min: 0, max: 100, name: "uses, %", nameGap: 36 }),
    series: [
      { name: "this trace", data: points, ...lineLook(palette, 0), ...line },
      {
        name: "all alike",
        data: [
          [0, 0],
          [100, 100],
        ],
        itemStyle: { color: palette.reference },
        lineStyle: { color: palette.reference, type: "dashed", width: 1.5 },
        ...line,
      },
    ],
  };
}

export function layerSkewChart(
  { layerSkew, header }: TraceAnalysis,
  frame: ChartFrame,
  palette: Palette,
): ChartOption {
  const lines: readonly [string, (skew: TraceAnalysis["skew"]) => number][] = [
    ["experts used", ({ usedExperts }) => usedExperts / header.expertsPerLayer],
    ["uses by the top 8", ({ topEightShare }) => topEightShare],
    ["Gini coefficient", ({ gini }) => gini],
  ];
  const { option, height } = legend(
    palette,
    lines.map(([name]) => name),
    frame,
  );
  return {
    legend: option,
    grid: { left: 54, right: 16, top: height + 10, bottom: 48 },
    xAxis: axis(palette, {
      ...{ type: "value", min: 0, max: Math.max(1, header.layerCount - 1), minInterval: 1 },
      ...{ name: "layer", nameGap: 28, splitLine: { show: false } },
    }),
    yAxis: axis(palette, { type: "value", min: 0, max: 100, name: "%", nameGap: 36 }),
    series: lines.map(([name, share], index) => ({
      ...{ type: "line", silent: true, name },
      ...lineLook(palette, index),
      showSymbol: header.layerCount <= 64,
      symbolSize: 5,
      data: layerSkew.map((skew, layer) => [layer, 100 * share(skew)]),
    })),
  };
}
