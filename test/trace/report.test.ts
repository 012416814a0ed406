/** The report: whole, readable without anything else, and harmless whatever a trace is called. */
import { inflateSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { heatImage } from "../../src/trace/report/heatImage.ts";
import { escaped, html, table } from "../../src/trace/report/html.ts";
import { missCurves, reportSlots } from "../../src/trace/report/missCurves.ts";
import { reportPage, reportSvgs } from "../../src/trace/report/reportPage.ts";
import { analyseTrace } from "../../src/trace/report/traceAnalysis.ts";
import { reportJson, reportOnTrace, type TraceReport } from "../../src/trace/report/traceReport.ts";
import { type RoutingTrace, RoutingTraceBuilder } from "../../src/trace/routingTrace.ts";
import { stickyTrace } from "../../src/trace/synthesis/stickyTrace.ts";
import { buildSyntheticTrace } from "../../src/trace/synthesis/syntheticTrace.ts";
import { cyclicTrace } from "../../src/trace/synthesis/uniformTrace.ts";
import { traceOf } from "./metricSamples.ts";
import { playedHitRate } from "./playTrace.ts";

const shape = { layerCount: 4, expertsPerLayer: 16, expertsPerToken: 2 };
const trace = buildSyntheticTrace(stickyTrace({ ...shape, tokens: 60, promptTokens: 10 }));
const policies = ["lru", "slru:protected=0.5,fill=pooled", "belady"];

let report: TraceReport;
let page: string;
beforeAll(async () => {
  report = await reportOnTrace(trace, { policies }, { threads: 1 });
  page = await reportPage(report);
});

describe("the page", () => {
  test("has every figure, once for wide and once for narrow windows", () => {
    const figures = [...page.matchAll(/<section id="([\w-]+)">/g)].map(([, name]) => name);
    expect(figures).toEqual([
      ...["miss-ratio", "predictors", "segments", "reuse-tokens", "reuse-experts"],
      ...["coverage", "layers", "expert-heat", "token-heat"],
    ]);
    expect(page.match(/<svg /g)).toHaveLength(2 * figures.length);
    expect(page.match(/class="wide"/g)).toHaveLength(figures.length);
    for (const policy of policies) expect(page).toContain(policy);
  });

  test("needs no script and nothing from elsewhere", () => {
    expect(page).not.toMatch(/<script|<link|@import|javascript:| on\w+=/i);
    const addresses = page.match(/\b[a-z]+:\/\/[^\s"'<]+/g) ?? [];
    expect(new Set(addresses)).toEqual(new Set(["http://www.w3.org/2000/svg"]));
    for (const [, target] of page.matchAll(/(?:href|src)="([^"]*)"/g)) {
      expect(target).toMatch(/^data:image\/png;base64,/);
    }
    for (const [, target] of page.matchAll(/url\(([^)]*)\)/g))
      expect(target).toMatch(/^#c\d+-\d+$/);
  });

  test("no two parts of it have the same id", () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("colours follow the reader's choice: none is fixed in a chart", () => {
    const charts = page.match(/<svg[\s\S]*?<\/svg>/g)!.join("");
    expect(charts).toContain("var(--series-0)");
    const fixed = [...charts.matchAll(/(?:fill|stroke)="(#[0-9a-f]+|rgb[^"]+)"([^>]*)>/g)]
      // What clips or is invisible has no colour that anybody sees.
      .filter(([, , rest]) => !/(?:fill|stroke)-opacity="0"|stroke-width="0"/.test(rest!))
      .map(([, colour]) => colour);
    expect(new Set(fixed.filter((colour) => colour !== "#000"))).toEqual(new Set());
    expect(page).toContain("prefers-color-scheme: dark");
  });

  test("closes every element that it opens", () => {
    expect(unclosed(page.replace(/<!doctype html>/, ""))).toEqual([]);
  });

  test("the same report, the same page", async () => {
    expect(await reportPage(report)).toBe(page);
  });
});

test("names from a trace stay text, in the page and in charts", async () => {
  const evil = `"><script>alert(1)</script><svg onload=x>'&\u0000\u202e{a|b}</title>`;
  const builder = new RoutingTraceBuilder({
    ...{ ...trace.header, model: evil, architecture: evil, origin: evil },
  });
  for (const record of trace) builder.add(record);
  const analysis = analyseTrace(builder.build());
  const hostile = await reportPage({ ...report, analysis });
  expect(hostile).not.toMatch(/<script|<svg onload|\p{Cf}/u);
  expect(hostile).not.toContain("\u0000");
  expect(hostile).toContain("&quot;&gt;&lt;script&gt;alert(1)");
  expect(unclosed(hostile.replace(/<!doctype html>/, ""))).toEqual([]);

  // Policies are checked before they are replayed; a chart must not rely on it.
  const curves = [{ policy: evil, isBound: false, points: report.curves[0]!.points }];
  const figures = [...(await reportSvgs({ ...report, analysis, curves })).values()].join("");
  expect(figures).not.toMatch(/<script|<svg onload/);
});

test("pictures of large models stay small", async () => {
  const big = { layerCount: 94, expertsPerLayer: 512, expertsPerToken: 10 };
  const analysis = analyseTrace(buildSyntheticTrace(cyclicTrace({ ...big, tokens: 40 })));
  const large = await reportPage({ ...report, analysis });
  expect(large.length).toBeLessThan(600_000);
  const svgs = await reportSvgs({ ...report, analysis });
  expect(svgs.get("expert-heat.svg")!.length).toBeLessThan(80_000);
});

test("traces at the edge of being one have a report", async () => {
  const token = [[0], [1]];
  const tiny = { layerCount: 2, expertsPerLayer: 2, expertsPerToken: 1 };
  const traces: RoutingTrace[] = [
    traceOf(tiny, [{ experts: [token] }]),
    traceOf(tiny, [{ phase: "prefill", experts: [token, token, token] }]),
    traceOf({ ...tiny, layerCount: 1 }, [{ experts: [[[1]]] }, { experts: [[[0]]] }]),
  ];
  for (const one of traces) {
    const own = await reportOnTrace(one, { policies: ["lru", "belady"] }, { threads: 1 });
    const text = await reportPage(own);
    expect(text).toContain("expert-heat");
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  }
});

test("curves hold what a replay finds, the optimum last", () => {
  expect(report.curves.map(({ policy, isBound }) => [policy, isBound])).toEqual([
    ["lru", false],
    ["slru:protected=0.5,fill=pooled", false],
    ["belady", true],
  ]);
  for (const { policy, points } of report.curves) {
    expect(points.map(({ slots }) => slots)).toEqual(reportSlots(trace.header));
    for (const { slots, missRatio } of points) {
      expect(missRatio).toBeCloseTo(1 - playedHitRate(trace, { policy, slots }), 10);
    }
  }
  const rows = [{ policy: "lru", slots: 1, hitRate: { decode: 0.25, prefill: 0.75 } }];
  expect(missCurves(rows, "prefill")[0]?.points).toEqual([{ slots: 1, missRatio: 0.25 }]);
});

test("sizes reach from below the cliff to all experts, and see both sides of it", () => {
  const slots = reportSlots({ ...trace.header, layerCount: 36, expertsPerLayer: 128 });
  expect(slots).toEqual([...new Set(slots)].sort((a, b) => a - b));
  expect(slots).toContain(70);
  expect(slots).toContain(71);
  expect(slots).toContain(72);
  expect(slots.at(-1)).toBeGreaterThan(2000);
  expect(slots.at(-1)).toBeLessThanOrEqual(36 * 128);
});

test("the numbers as JSON", () => {
  const json = JSON.parse(JSON.stringify(reportJson(report)));
  expect(json).toMatchObject({
    ...{ model: "synthetic sticky", layerCount: 4, tokenCycle: 8, cliff: 7, phase: "decode" },
    ...{ tokens: { prefill: 10, decode: 60 }, sequences: 1, accounting: "batch" },
    skew: { usedExperts: report.analysis.skew.usedExperts },
    predictors: expect.arrayContaining([expect.objectContaining({ predictor: "previous-token" })]),
  });
  expect(json.segments[0]).toMatchObject({ segmentLength: 1, performance: 1, groupRatio: 1 });
  const { counts, firstUses, uses } = json.reuse.inTokens;
  expect(counts.reduce((a: number, b: number) => a + b, 0) + firstUses).toBe(uses);
});

describe("heat images", () => {
  test("hold one pixel per entry, empty ones transparent", () => {
    const pixels = pixelsOf(
      heatImage(
        [
          [0, 1],
          [Number.NaN, 9],
        ],
        { hottest: 1, zeroIsEmpty: true },
      ).dataUri,
    );
    expect(pixels).toEqual([0, 0, 64, 0, 0, 64]); // each line begins with its filter, 0
    const full = heatImage([[0, 0.5, 1]], { hottest: 1 });
    expect(pixelsOf(full.dataUri)).toEqual([0, 1, 33, 64]);
    expect(full).toMatchObject({ columns: 3, rows: 1 });
  });

  test("average what has more entries than pixels", () => {
    const row = Float64Array.from({ length: 4096 }, (_, index) => (index % 4 === 0 ? 1 : 0));
    const image = heatImage([row], { hottest: 1 });
    expect(image.columns).toBe(1024);
    expect(new Set(pixelsOf(image.dataUri).slice(1))).toEqual(new Set([1 + Math.round(63 / 4)]));
  });
});

describe("html", () => {
  test("escapes what is put in, but for HTML", () => {
    expect(html`<b title="${`"`}">${["<", html`<i>${1}</i>`]}</b>`.text).toBe(
      `<b title="&quot;">&lt;<i>1</i></b>`,
    );
    expect(escaped("a\u0007b\nc")).toBe("a\ufffdb\nc");
    expect(table(["<h>"], [["&", 1]]).text).toContain(`<th scope="row">&amp;</th><td>1</td>`);
  });
});

/** Names of elements that are opened and not closed, or closed and not opened. */
function unclosed(markup: string): string[] {
  const open: string[] = [];
  for (const [, slash, name, rest] of markup.matchAll(/<(\/?)([a-zA-Z][\w-]*)([^>]*)>/g)) {
    if (name === "meta" || rest!.endsWith("/")) continue;
    if (slash === "") open.push(name!);
    else if (open.pop() !== name) return [`${name} closed out of turn`];
  }
  return open;
}

/** The bytes of a picture's lines. */
function pixelsOf(dataUri: string): number[] {
  const png = Buffer.from(dataUri.slice(dataUri.indexOf(",") + 1), "base64");
  const data = png.indexOf("IDAT");
  const length = png.readUInt32BE(data - 4);
  return [...inflateSync(png.subarray(data + 4, data + 4 + length))];
}
