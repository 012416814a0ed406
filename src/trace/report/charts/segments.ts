/** SRP and SCH by the length of the segment. */
import { axis, type ChartFrame, type ChartOption, legend, lineLook } from "../chartSvg.ts";
import type { Palette } from "../palette.ts";
import { cacheRatios, type TraceAnalysis } from "../traceAnalysis.ts";

export function segmentsChart(
  { segments }: TraceAnalysis,
  frame: ChartFrame,
  palette: Palette,
): ChartOption {
  const lines: readonly [string, number[]][] = [
    ["SRP", segments.map(({ performance }) => performance)],
    ...cacheRatios.map((ratio, index): [string, number[]] => [
      `SCH, ${ratio} × k slots`,
      segments.map(({ cacheHitRates }) => cacheHitRates[index]!),
    ]),
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
      ...{ type: "category", boundaryGap: false, name: "segment, tokens", nameGap: 28 },
      data: segments.map(({ segmentLength }) => String(segmentLength)),
    }),
    yAxis: axis(palette, { type: "value", min: 0, max: 100, name: "%", nameGap: 36 }),
    series: lines.map(([name, shares], index) => ({
      ...{ type: "line", silent: true, name },
      ...lineLook(palette, index),
      data: shares.map((share) => 100 * share),
    })),
  };
}
