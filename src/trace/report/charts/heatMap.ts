/** A matrix by layer as a picture with axes: layers downwards, something else to the right. */
import { axis, type ChartFrame, type ChartOption } from "../chartSvg.ts";
import { type HeatImage, rampImage } from "../heatImage.ts";
import type { Palette } from "../palette.ts";

export interface HeatMap {
  readonly image: HeatImage;
  readonly layerCount: number;
  /** How many columns the matrix has, and what they are. */
  readonly columnCount: number;
  readonly columnName: string;
  /** What the ramp's ends mean. */
  readonly coldest: string;
  readonly hottest: string;
}

export function heatMapChart(map: HeatMap, frame: ChartFrame, palette: Palette): ChartOption {
  const room = { left: 46, right: 14, top: 34, bottom: 46 };
  const width = frame.width - room.left - room.right;
  const height = frame.height - room.top - room.bottom;
  const plain = { splitLine: { show: false }, min: 0 };
  const words = (text: string, left: number, align: string) => ({
    ...{ type: "text", silent: true, left, top: 4 },
    style: { text, fill: palette.muted, font: "12px system-ui, sans-serif", align },
  });
  const rampLeft = room.left + 6.6 * map.coldest.length + 8;
  return {
    grid: { ...room, outerBoundsMode: "none" },
    xAxis: axis(palette, {
      ...{ type: "value", ...plain, max: map.columnCount, name: map.columnName, nameGap: 28 },
      axisLabel: { color: palette.muted, fontSize: 12, hideOverlap: true, showMaxLabel: false },
      splitNumber: frame.isNarrow ? 4 : 8,
    }),
    yAxis: axis(palette, {
      ...{ type: "value", ...plain, max: map.layerCount, inverse: true, name: "layer" },
      ...{ nameGap: 30, minInterval: 1 },
      axisLabel: { color: palette.muted, fontSize: 12, showMaxLabel: false },
    }),
    graphic: [
      picture(map.image, { left: room.left, top: room.top, width, height }),
      words(map.coldest, room.left, "left"),
      picture(rampImage(), { left: rampLeft, top: 6, width: 90, height: 10 }),
      words(map.hottest, rampLeft + 98, "left"),
    ],
    series: [],
  };
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function picture({ dataUri }: HeatImage, { left, top, width, height }: Place): object {
  return {
    ...{ type: "image", silent: true, z: -1, left, top },
    style: { image: dataUri, width, height },
  };
}
