/** Recall of predictors as bars; the null predictors, that say what a score is worth, in grey. */
import { axis, type ChartFrame, type ChartOption } from "../chartSvg.ts";
import type { Palette } from "../palette.ts";
import type { TraceAnalysis } from "../traceAnalysis.ts";

const nullPredictors = ["static-hot-list", "random"];

export function predictorsChart(
  { predictors }: TraceAnalysis,
  frame: ChartFrame,
  palette: Palette,
): ChartOption {
  const sorted = predictors.toSorted((a, b) => a.recall - b.recall);
  return {
    grid: { left: 124, right: frame.isNarrow ? 44 : 60, top: 10, bottom: 46 },
    xAxis: axis(palette, {
      ...{ type: "value", min: 0, max: 100, name: "recall, %", nameGap: 28 },
      interval: 25,
    }),
    yAxis: axis(palette, {
      type: "category",
      axisTick: { show: false },
      axisLabel: { color: palette.ink, fontSize: 12 },
      data: sorted.map(({ predictor }) => predictor),
    }),
    series: [
      {
        ...{ type: "bar", silent: true, barCategoryGap: "35%" },
        label: {
          ...{ show: true, position: "right", color: palette.ink, fontSize: 12 },
          ...{ textBorderWidth: 0, formatter: ({ value }: { value: number }) => value.toFixed(1) },
        },
        data: sorted.map(({ predictor, recall }) => ({
          value: 100 * recall,
          itemStyle: {
            color: nullPredictors.includes(predictor) ? palette.reference : palette.series[0],
          },
        })),
      },
    ],
  };
}
