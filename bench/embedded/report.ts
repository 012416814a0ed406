/** The figures of an evaluation, as tables to read. */
import type { MeasureResult, Tally } from "./answers.ts";
import { tableLines } from "./engine.ts";
import type { MixedTrace } from "./mixedTrace.ts";
import { percent } from "./numbers.ts";
import type { Prediction, Predictions } from "./perplexity.ts";
import type { LayerRouting, RoutingFigures } from "./routing.ts";

/** All that is measured; the same for every run of the same model and inputs. */
export interface Evaluation {
  readonly model: string;
  readonly arithmetic: string;
  readonly lengths: Readonly<Record<string, number>>;
  readonly answers: Readonly<Record<string, MeasureResult>>;
  readonly predictions: Predictions;
  readonly routing: RoutingFigures | undefined;
  readonly trace: MixedTrace | undefined;
}

export function evaluationText({ answers, predictions, routing, ...rest }: Evaluation): string {
  return [
    `${rest.model}, ${rest.arithmetic}`,
    ...titled("Answers", answerRows(answers), [1, 2]),
    `${rest.lengths["tokensPerAnswer"]} tokens per answer, ${rest.lengths["withoutEnd"]} without an end`,
    ...titled("Held-out text", predictionRows(predictions), [1, 2, 3]),
    ...(routing === undefined ? [] : routingLines(routing)),
    ...(rest.trace === undefined ? [] : [traceLine(rest.trace)]),
  ].join("\n");
}

function answerRows(answers: Readonly<Record<string, MeasureResult>>): string[][] {
  const row = (name: string, { asked, right, share }: Tally) => [
    name,
    `${right} of ${asked}`,
    percent(share),
  ];
  const rows = Object.entries(answers).flatMap(([name, result]) => [
    row(name, result),
    ...Object.entries(result.groups)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, tally]) => row(`  ${group}`, tally)),
  ]);
  return [["", "right", "share"], ...rows];
}

function predictionRows({ overall, domains }: Predictions): string[][] {
  const row = (name: string, { tokens, loss, perplexity }: Prediction) => [
    name,
    `${tokens}`,
    loss.toFixed(3),
    perplexity.toFixed(2),
  ];
  return [
    ["", "tokens", "loss", "perplexity"],
    ...Object.entries(domains).map(([name, prediction]) => row(name, prediction)),
    row("overall", overall),
  ];
}

function routingLines(routing: RoutingFigures): string[] {
  const { experts, expertsPerToken, chanceOverlap, layers } = routing;
  const row = (name: string, one: Omit<LayerRouting, "layer">) => [
    name,
    one.overlap.toFixed(3),
    one.lruQuarter.toFixed(3),
    one.lruHalf.toFixed(3),
    one.leastUsed.toFixed(4),
    one.mostUsed.toFixed(4),
    `${one.dead}`,
    `${one.nearlyDead}`,
  ];
  const columns = ["layer", "overlap", "LRU 1/4", "LRU 1/2", "least", "most", "dead", "nearly"];
  const rows = [
    columns,
    ...layers.map((one) => row(`${one.layer}`, one)),
    row("mean", routing.mean),
  ];
  return [
    ...titled(
      `Routing: ${expertsPerToken} of ${experts} experts; by chance ${chanceOverlap.toFixed(3)} 0.25 0.50`,
      rows,
      [1, 2, 3, 4, 5, 6, 7],
    ),
    ...extremesOf(routing.domainDistance),
  ];
}

/** The two domains that are most alike, and the two that differ most. */
function extremesOf(distances: RoutingFigures["domainDistance"]): string[] {
  const pairs = Object.entries(distances)
    .flatMap(([a, row]) =>
      Object.entries(row).flatMap(([b, value]) =>
        a < b ? [{ pair: `${a} and ${b}`, value }] : [],
      ),
    )
    .toSorted((a, b) => a.value - b.value);
  const [least, most] = [pairs.at(0), pairs.at(-1)];
  if (least === undefined || most === undefined) return [];
  return [
    `domains differ by ${least.value.toFixed(3)} (${least.pair}) to ${most.value.toFixed(3)} (${most.pair})`,
  ];
}

function traceLine({ documents, tokens, decoded, bytes }: MixedTrace): string {
  return `routing.trace: ${tokens} tokens of ${documents} documents, ${decoded} one by one; ${bytes} bytes`;
}

function titled(title: string, rows: readonly string[][], right: readonly number[]): string[] {
  return ["", title, ...tableLines(rows, right)];
}
