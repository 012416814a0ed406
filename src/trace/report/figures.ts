/** The figures of a report: what each shows, in words, as a chart and as a table. */
import { shareWithin } from "../metrics/distanceHistogram.ts";
import type { ChartFrame, ChartOption } from "./chartSvg.ts";
import { heatMapChart } from "./charts/heatMap.ts";
import { missRatioChart } from "./charts/missRatio.ts";
import { coverageChart, layerSkewChart } from "./charts/popularity.ts";
import { predictorsChart } from "./charts/predictors.ts";
import { classShares, cycleClasses, reuseChart, tokenClasses } from "./charts/reuseDistances.ts";
import { segmentsChart } from "./charts/segments.ts";
import { heatImage } from "./heatImage.ts";
import type { MissCurve } from "./missCurves.ts";
import type { Palette } from "./palette.ts";
import { cacheRatios, heatWindow, type TraceAnalysis } from "./traceAnalysis.ts";

export interface Figure {
  /** A name for files. */
  readonly name: string;
  readonly title: string;
  readonly text: string;
  /** Half as wide as the page, where that is wide. */
  readonly isHalf: boolean;
  /** Pixels, wide and narrow. */
  readonly heights: readonly [number, number];
  readonly draw: (frame: ChartFrame, palette: Palette) => ChartOption;
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly string[][] };
}

/** All that there is something to show in. */
export function figuresOf(analysis: TraceAnalysis, curves: readonly MissCurve[]): Figure[] {
  return [
    ...(curves.length > 0 ? [missRatioFigure(analysis, curves)] : []),
    ...(analysis.predictors.length > 0 ? [predictorsFigure(analysis)] : []),
    ...(analysis.segments.length > 1 ? [segmentsFigure(analysis)] : []),
    ...reuseFigures(analysis),
    ...popularityFigures(analysis),
    expertHeatFigure(analysis),
    tokenHeatFigure(analysis),
  ];
}

function missRatioFigure(analysis: TraceAnalysis, curves: readonly MissCurve[]): Figure {
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map(({ slots }) => slots)))];
  return {
    name: "miss-ratio",
    title: "Misses by cache size",
    text:
      `Share of ${analysis.phase} accesses that miss, by policy. T, one token cycle, is what one token ` +
      "asks for on its way through all layers. In the shaded part policies by recency alone cannot " +
      "hit. No policy that places every miss gets below belady.",
    ...{ isHalf: false, heights: [460, 420] },
    draw: (frame, palette) => missRatioChart(curves, analysis, frame, palette),
    table: {
      head: ["slots", "cycles", ...curves.map(({ policy }) => policy)],
      rows: sizes
        .sort((a, b) => a - b)
        .map((slots) => [
          String(slots),
          (slots / analysis.tokenCycle).toFixed(2),
          ...curves.map(({ points }) => {
            const point = points.find((one) => one.slots === slots);
            return point === undefined ? "–" : percent(point.missRatio);
          }),
        ]),
    },
  };
}

function predictorsFigure(analysis: TraceAnalysis): Figure {
  return {
    name: "predictors",
    title: "Predictors",
    text:
      "Share of the experts used that a predictor names one layer ahead, naming as many as are used. " +
      "Grey are the null predictors: chance, and the layer's most used experts in hindsight." +
      excerptNote(analysis),
    ...{ isHalf: true, heights: [300, 260] },
    draw: (frame, palette) => predictorsChart(analysis, frame, palette),
    table: {
      head: ["predictor", "recall, %", "precision, %"],
      rows: analysis.predictors.map(({ predictor, recall, precision }) => [
        predictor,
        percent(recall),
        percent(precision),
      ]),
    },
  };
}

function segmentsFigure(analysis: TraceAnalysis): Figure {
  return {
    name: "segments",
    title: "Local routing consistency",
    text:
      "SRP: how well one fixed set of experts serves a segment. SCH: hits of a cache per layer that " +
      `sees a segment ahead.${excerptNote(analysis)}`,
    ...{ isHalf: true, heights: [300, 300] },
    draw: (frame, palette) => segmentsChart(analysis, frame, palette),
    table: {
      head: [
        ...["segment", "SRP, %", "group ratio"],
        ...cacheRatios.map((ratio) => `SCH ${ratio} × k, %`),
      ],
      rows: analysis.segments.map(({ segmentLength, performance, groupRatio, cacheHitRates }) => [
        ...[String(segmentLength), percent(performance), groupRatio.toFixed(2)],
        ...cacheHitRates.map(percent),
      ]),
    },
  };
}

function reuseFigures({ reuse, tokenCycle, phase }: TraceAnalysis): Figure[] {
  const figure = (name: string, title: string, text: string, unit: string, own: number): Figure => {
    const histogram = own === 0 ? reuse.inTokens : reuse.inExperts;
    const classes = own === 0 ? tokenClasses(histogram) : cycleClasses(tokenCycle);
    const shares = classShares(histogram, classes);
    return {
      ...{ name, title, text, isHalf: true, heights: [280, 280] },
      draw: (frame, palette) => reuseChart({ histogram, classes, name: unit }, frame, palette),
      table: {
        head: [unit, "uses, %"],
        rows: [...classes.map(({ label }) => label), "first use"].map((label, index) => [
          label,
          percent(shares[index]!),
        ]),
      },
    };
  };
  const next = percent(shareWithin(reuse.inTokens, 1));
  return [
    figure(
      "reuse-tokens",
      "Reuse distance in tokens",
      `How many tokens ago a layer last used an expert; ${next} % were used by the very token before.`,
      "tokens since the last use",
      0,
    ),
    figure(
      "reuse-experts",
      "Reuse distance in experts",
      `How many other experts, in token cycles T, were asked for since (${phase} accesses): LRU of n T ` +
        "slots hits what lies left of n.",
      "distinct experts since the last use, in T",
      1,
    ),
  ];
}

function popularityFigures(analysis: TraceAnalysis): Figure[] {
  const { skew, coverage, layerSkew } = analysis;
  const tenth = coverage[Math.round((coverage.length - 1) / 10)]!;
  return [
    {
      name: "coverage",
      title: "Popularity",
      text: `A tenth of all experts gets ${percent(tenth)} % of the uses; Gini coefficient ${skew.gini.toFixed(2)}. Few tokens look skewed by chance alone.`,
      ...{ isHalf: true, heights: [300, 280] },
      draw: (frame, palette) => coverageChart(analysis, frame, palette),
    },
    ...(layerSkew.length > 1 ? [layerSkewFigure(analysis)] : []),
  ];
}

function layerSkewFigure(analysis: TraceAnalysis): Figure {
  return {
    name: "layers",
    title: "Skew by layer",
    text: "Experts that the layer used at all, what the eight most used get, and the Gini coefficient.",
    ...{ isHalf: true, heights: [300, 320] },
    draw: (frame, palette) => layerSkewChart(analysis, frame, palette),
    table: {
      head: ["layer", "experts used", "top 8, %", "Gini"],
      rows: analysis.layerSkew.map(({ usedExperts, topEightShare, gini }, layer) => [
        ...[String(layer), String(usedExperts), percent(topEightShare), gini.toFixed(3)],
      ]),
    },
  };
}

function expertHeatFigure({ uses, layerTokens, header }: TraceAnalysis): Figure {
  const shares = uses.map((layer, index) => layer.map((own) => own / layerTokens[index]!));
  const sorted = Float64Array.from(shares.flatMap((layer) => [...layer])).sort();
  // One expert that everybody uses must not make all others look alike.
  const hottest = sorted[Math.floor(0.98 * (sorted.length - 1))] || sorted.at(-1) || 0;
  const image = heatImage(shares, { hottest, zeroIsEmpty: true });
  return {
    name: "expert-heat",
    title: "Experts by layer",
    text: "How many of a layer's tokens chose each expert. Empty places were never chosen.",
    ...{ isHalf: false, heights: [heatHeight(header.layerCount), heatHeight(header.layerCount)] },
    draw: (frame, palette) =>
      heatMapChart(
        {
          image,
          layerCount: header.layerCount,
          columnCount: header.expertsPerLayer,
          columnName: "expert",
          coldest: "0 %",
          hottest: `${percent(hottest)} % of tokens or more`,
        },
        frame,
        palette,
      ),
  };
}

function tokenHeatFigure({ heat, header, phase }: TraceAnalysis): Figure {
  const columnCount = heat.reduce((most, layer) => Math.max(most, layer.length), 0);
  const rows = heat.map((layer) => {
    const row = new Float64Array(columnCount).fill(NaN);
    // Layers that skipped tokens skipped those at the beginning.
    row.set(layer, columnCount - layer.length);
    return row;
  });
  return {
    name: "token-heat",
    title: "Token by token",
    text:
      `How many of a token's experts the layer used within the last ${heatWindow} tokens. Dark columns ` +
      "are turns of the text: a change of topic, the beginning of a sequence.",
    ...{ isHalf: false, heights: [heatHeight(header.layerCount), heatHeight(header.layerCount)] },
    draw: (frame, palette) =>
      heatMapChart(
        {
          image: heatImage(rows, { hottest: 1 }),
          ...{ layerCount: header.layerCount, columnCount, columnName: `${phase} token` },
          ...{ coldest: "all new", hottest: "all used shortly before" },
        },
        frame,
        palette,
      ),
  };
}

/** Layers must be told apart, and the picture must fit on a screen. */
function heatHeight(layerCount: number): number {
  return 80 + Math.min(560, Math.max(96, 6 * layerCount));
}

function excerptNote({ excerptTokens, tokens, phase }: TraceAnalysis): string {
  return excerptTokens < tokens[phase] ? ` The first ${excerptTokens} tokens.` : "";
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
