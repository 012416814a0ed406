/**
 * Reads "route_trace v1", a CSV with one line per token, layer and rank:
 *
 *     # route_trace v1
 *     # model=<path> arch=gpt-oss n_layer=36 n_expert=128 n_expert_used=2
 *     # layer=0 expert_bytes=13219200 dense_bytes=23280128
 *     turn,phase,step,layer,slot,expert,weight,residency,expert_bytes[,dropped]
 *
 * Its turns are our sequences and its steps our positions. Prefill comes layer by layer, each with
 * all tokens of a pass: they become one record. Whether an expert was resident is its maker's
 * business and left out. A layer without experts has no number here.
 *
 * Source: github.com/Helldez/BigMoeOnEdge, docs/bench-data/2026-07-15-route-trace.
 */
import { quoted } from "../../support/quoted.ts";
import { mostLayers } from "../recordCheck.ts";
import type { TraceHeader } from "../traceHeader.ts";
import type { TraceRecord } from "../traceRecord.ts";
import { type TraceContent, TraceDamage } from "../traceSource.ts";
import type { ByteReader, Line } from "./byteReader.ts";

const columnNames = "turn,phase,step,layer,slot,expert,weight";

export function isRouteTrace(start: string): boolean {
  return start.startsWith("# route_trace v");
}

/** @throws TraceDamage if what comes before the rows is not as above */
export async function readRouteTrace(reader: ByteReader): Promise<TraceContent> {
  const lines = reader.lines();
  const facts = await readFacts(lines);
  const first = (await lines.next()).value ?? undefined;
  const header: TraceHeader = {
    ...facts.header,
    hasWeights: first !== undefined && !Number.isNaN(parseRow(first).weight),
    hasLogits: false,
  };
  const rows = rowsOf(first, lines);
  return {
    kind: "route_trace",
    header,
    records: joinRows(rows, header, facts.layers),
    remarks: [],
  };
}

interface RouteTraceFacts {
  readonly header: Omit<TraceHeader, "hasWeights" | "hasLogits">;
  /** The number of each layer that routes, by its number in the file. */
  readonly layers: ReadonlyMap<number, number>;
}

async function readFacts(lines: AsyncGenerator<Line, void, undefined>): Promise<RouteTraceFacts> {
  let model: RegExpExecArray | undefined;
  const bytesOfLayer = new Map<number, number>();
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const { text, offset } = next.value;
    if (text.startsWith("# route_trace v") && text !== "# route_trace v1") {
      throw new TraceDamage(`${quoted(text)} is not known here; this reads version 1`, offset);
    }
    if (text.startsWith(columnNames)) return factsOf(model, bytesOfLayer, offset);
    if (!text.startsWith("#")) {
      throw new TraceDamage(
        `line ${next.value.number}: columns "${columnNames},…" expected`,
        offset,
      );
    }
    model ??= modelLine.exec(text) ?? undefined;
    const layer = layerLine.exec(text);
    if (layer) bytesOfLayer.set(Number(layer[1]), Number(layer[2]));
  }
  throw new TraceDamage("the file ends before its rows");
}

const modelLine = /^# model=(.*) arch=(\S*) n_layer=(\d+) n_expert=(\d+) n_expert_used=(\d+)/;
const layerLine = /^# layer=(\d+) expert_bytes=(\d+)/;

function factsOf(
  model: RegExpExecArray | undefined,
  bytesOfLayer: ReadonlyMap<number, number>,
  offset: number,
): RouteTraceFacts {
  if (model === undefined) throw new TraceDamage('there is no line "# model=…" above', offset);
  const [, path = "", architecture = ""] = model;
  const [allLayers = 0, expertsPerLayer = 0, expertsPerToken = 0] = model.slice(3).map(Number);
  if (allLayers > mostLayers) throw new TraceDamage(`${allLayers} layers are too many`);
  const routing = Array.from({ length: allLayers }, (_, layer) => layer).filter(
    (layer) => bytesOfLayer.get(layer) !== 0,
  );
  const expertBytes = routing.map((layer) => bytesOfLayer.get(layer));
  return {
    header: {
      model: path.split(/[/\\]/).at(-1) ?? path,
      architecture,
      layerCount: routing.length,
      expertsPerLayer,
      expertsPerToken,
      expertBytes: expertBytes.every((bytes) => bytes !== undefined) ? expertBytes : [],
      origin: "route_trace v1",
    },
    layers: new Map(routing.map((layer, index) => [layer, index])),
  };
}

interface Row {
  readonly line: Line;
  readonly turn: number;
  readonly phase: number;
  readonly step: number;
  readonly layer: number;
  readonly slot: number;
  readonly expert: number;
  readonly weight: number;
}

async function* rowsOf(
  first: Line | undefined,
  lines: AsyncGenerator<Line, void, undefined>,
): AsyncGenerator<Row, void, undefined> {
  if (first !== undefined) yield parseRow(first);
  for await (const line of lines) {
    if (line.text !== "") yield parseRow(line);
  }
}

function parseRow(line: Line): Row {
  const fields = line.text.split(",");
  if (fields.length < 9) throw damageIn(line, `${fields.length} fields, 9 expected`);
  const [turn = "", phase = "", step = "", layer = "", slot = "", expert = "", weight = ""] =
    fields;
  if (phase !== "0" && phase !== "1")
    throw damageIn(line, `phase ${quoted(phase)}, 0 or 1 expected`);
  return {
    line,
    turn: wholeNumber(turn, line),
    phase: Number(phase),
    step: wholeNumber(step, line),
    layer: wholeNumber(layer, line),
    slot: wholeNumber(slot, line),
    expert: wholeNumber(expert, line),
    weight: realNumber(weight, line),
  };
}

/** Tokens of one layer in one pass, while their rows come in. */
interface Pass {
  readonly first: Row;
  tokens: number;
  readonly experts: number[];
  readonly weights: number[];
}

async function* joinRows(
  rows: AsyncIterable<Row>,
  header: TraceHeader,
  layers: ReadonlyMap<number, number>,
): AsyncGenerator<TraceRecord, void, undefined> {
  const { expertsPerToken, expertsPerLayer } = header;
  let pass: Pass | undefined;
  let slot = 0;
  for await (const row of rows) {
    if (row.slot !== slot) throw damageIn(row.line, `slot ${row.slot}, ${slot} expected`);
    if (slot > 0 && !isSameToken(pass, row)) {
      throw damageIn(row.line, `slot ${slot} belongs to another token than slot ${slot - 1}`);
    }
    if (row.expert >= expertsPerLayer) {
      throw damageIn(row.line, `expert ${row.expert} of ${expertsPerLayer}`);
    }
    if (slot === 0 && (pass === undefined || !continues(pass, row))) {
      if (pass !== undefined) yield recordOf(pass, header, layers);
      pass = { first: row, tokens: 0, experts: [], weights: [] };
    }
    if (slot === 0 && pass !== undefined) pass.tokens++;
    pass?.experts.push(row.expert);
    pass?.weights.push(row.weight);
    slot = (slot + 1) % expertsPerToken;
  }
  if (slot > 0) throw new TraceDamage(`the file ends after slot ${slot - 1} of ${expertsPerToken}`);
  if (pass !== undefined) yield recordOf(pass, header, layers);
}

/** Whether a row begins the next token of the same prefill; decode has one token a pass. */
function continues({ first, tokens }: Pass, row: Row): boolean {
  return row.phase === 0 && row.step === first.step + tokens && isSameLayer(first, row);
}

function isSameToken(pass: Pass | undefined, row: Row): boolean {
  if (pass === undefined) return false;
  return row.step === pass.first.step + pass.tokens - 1 && isSameLayer(pass.first, row);
}

function isSameLayer(a: Row, b: Row): boolean {
  return a.turn === b.turn && a.phase === b.phase && a.layer === b.layer;
}

function recordOf(
  { first, tokens, experts, weights }: Pass,
  header: TraceHeader,
  layers: ReadonlyMap<number, number>,
): TraceRecord {
  const layer = layers.get(first.layer);
  if (layer === undefined) throw damageIn(first.line, `layer ${first.layer} routes nothing`);
  return {
    sequence: first.turn,
    phase: first.phase === 0 ? "prefill" : "decode",
    position: first.step,
    layer,
    tokens,
    experts: Uint16Array.from(experts),
    ...(header.hasWeights && { weights: Float32Array.from(weights) }),
  };
}

function wholeNumber(text: string, line: Line): number {
  const value = Number(text);
  if (text !== "" && Number.isSafeInteger(value) && value >= 0) return value;
  throw damageIn(line, `${quoted(text)}, a whole number expected`);
}

/** "nan" stands for a weight that nobody knew. */
function realNumber(text: string, line: Line): number {
  const value = Number(text);
  if (text === "nan" || (text !== "" && Number.isFinite(value))) return value;
  throw damageIn(line, `${quoted(text)}, a number expected`);
}

function damageIn({ number, offset }: Line, reason: string): TraceDamage {
  return new TraceDamage(`line ${number}: ${reason}`, offset);
}
