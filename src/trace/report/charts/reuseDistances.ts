/** Histograms of reuse distances in classes that widen, first uses at the end. */
import { type DistanceHistogram, shareWithin } from "../../metrics/distanceHistogram.ts";
import { axis, type ChartFrame, type ChartOption } from "../chartSvg.ts";
import type { Palette } from "../palette.ts";

/** Distances from the end of the class before up to and including `last`. */
export interface DistanceClass {
  readonly label: string;
  readonly last: number;
}

/** 1, 2, 3-4, 5-8, ... up to the longest distance that occurs. */
export function tokenClasses({ counts }: DistanceHistogram): DistanceClass[] {
  const longest = counts.findLastIndex((count) => count > 0);
  const classes = [{ label: "1", last: 1 }];
  for (let last = 2; last / 2 < longest; last *= 2) {
    classes.push({ label: last === 2 ? "2" : `${last / 2 + 1}–${last}`, last });
  }
  return classes;
}

/** In token cycles: what LRU of that many cycles would hit, class by class. */
export function cycleClasses(tokenCycle: number): DistanceClass[] {
  const ends = [1, 2, 3, 4, 6, 8];
  const classes = ends.map((end, index) => ({
    label: index === 0 ? "< 1" : `${ends[index - 1]}–${end}`,
    last: end * tokenCycle - 1,
  }));
  return [...classes, { label: "> 8", last: Infinity }];
}

/** Share of all uses by class; first uses are the last share. */
export function classShares(
  histogram: DistanceHistogram,
  classes: readonly DistanceClass[],
): number[] {
  const within = classes.map(({ last }) => shareWithin(histogram, last));
  const shares = within.map((share, index) => share - (within[index - 1] ?? 0));
  return [...shares, histogram.uses === 0 ? 0 : histogram.firstUses / histogram.uses];
}

export function reuseChart(
  { histogram, classes, name }: ReuseChart,
  frame: ChartFrame,
  palette: Palette,
): ChartOption {
  const shares = classShares(histogram, classes);
  const isTight = shares.length * 58 > frame.width && shares.length > 8;
  return {
    grid: { left: 52, right: 10, top: 16, bottom: isTight ? 80 : 52 },
    xAxis: axis(palette, {
      ...{ type: "category", name, nameGap: isTight ? 60 : 32 },
      data: [...classes.map(({ label }) => label), "first"],
      axisLabel: {
        ...{ color: palette.muted, fontSize: 12, interval: 0 },
        rotate: isTight ? 55 : 0,
      },
    }),
    yAxis: axis(palette, { type: "value", name: "uses, %", nameGap: 36, min: 0 }),
    series: [
      {
        ...{ type: "bar", silent: true, barCategoryGap: "25%" },
        data: shares.map((share, index) => ({
          value: 100 * share,
          itemStyle: {
            color: index === classes.length ? palette.reference : palette.series[0],
          },
        })),
      },
    ],
  };
}

export interface ReuseChart {
  readonly histogram: DistanceHistogram;
  readonly classes: readonly DistanceClass[];
  /** Of the axis. */
  readonly name: string;
}
