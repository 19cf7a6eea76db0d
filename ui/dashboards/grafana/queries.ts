import type { PanelQuery } from "#shared/dashboards/dashboard.ts";
import { noteForeign, noteRest, noteUnless, under, type Note } from "./notes.ts";
import { bounded, isRecord, numberOr, recordsOf, textOr, wholeOr, type Source } from "./read.ts";
import { languageOf, type SourceKind, type SourceOf } from "./sources.ts";

const queriesMax = 50;
/** Of a query's step, which Grafana writes and does not read. */
export const toldFromRange = "is not kept: Grafana itself tells it from the range";
const exprMax = 100_000;

/** How Grafana's editors and servers keep a query; nothing of it changes the answer. Its servers alone set the last of them. */
const meaningless = [
  "editorMode",
  "requestId",
  "key",
  "datasource",
  "metric",
  "fullMetaSearch",
  "includeNullMetadata",
  "useBackend",
  "disableTextWrap",
  "intervalMs",
  "maxDataPoints",
  "datasourceUid",
  "range",
  "refId",
  "hide",
];

/** The queries of a panel, each in Lapwing's form; those that can't be asked are kept as unsupported, with a note. */
export function queriesOf(panel: Source, sourceOf: SourceOf, note: Note): PanelQuery[] {
  const targets = recordsOf(panel["targets"]);
  if (targets.length > queriesMax)
    note(
      "targets",
      `${targets.length} queries, expected at most ${queriesMax}: the rest is left out`,
    );
  const refs = new Set<string>();
  return targets.slice(0, queriesMax).map((target, i) => {
    const ref = freeRef(textOr(target["refId"]), refs, i);
    return queryOf(target, ref, panel, sourceOf, under(note, `query ${ref}`));
  });
}

function freeRef(wanted: string | undefined, taken: Set<string>, i: number): string {
  let ref = wanted?.slice(0, 200) ?? letters(i);
  for (let next = 0; taken.has(ref); next += 1) ref = letters(next);
  taken.add(ref);
  return ref;
}

/** "A" to "Z", then "AA". */
function letters(i: number): string {
  const last = String.fromCharCode(65 + (i % 26));
  return i < 26 ? last : `${letters(Math.floor(i / 26) - 1)}${last}`;
}

function queryOf(
  target: Source,
  ref: string,
  panel: Source,
  sourceOf: SourceOf,
  note: Note,
): PanelQuery {
  const base = {
    ref,
    format: "time_series" as const,
    expr: "",
    ...(target["hide"] === true ? { hidden: true } : {}),
  };
  const source = kindOf(target, panel, sourceOf);
  const type = textOr(panel["type"]) ?? "";
  switch (source.kind) {
    case "expression":
      return { ...base, ...expressionOf(target, note) };
    case "panel":
      return { ...base, ...panelSource(target, note) };
    case "metrics":
      return { ...base, ...metricsQuery(target, type, note) };
    case "logs":
      return { ...base, ...logsQuery(target, note) };
    case "unknown":
    case "mixed": {
      const expr = textOr(target["expr"]);
      if (expr === undefined) return { ...base, ...unsupported(target, source, note) };
      const isLogs = languageOf(expr, type) === "logs";
      return { ...base, ...(isLogs ? logsQuery(target, note) : metricsQuery(target, type, note)) };
    }
    default:
      return { ...base, ...unsupported(target, source, note) };
  }
}

function kindOf(target: Source, panel: Source, sourceOf: SourceOf): SourceKind {
  const own = sourceOf(target["datasource"]);
  if (own.kind !== "unknown" && own.kind !== "mixed") return own;
  const ofPanel = sourceOf(panel["datasource"]);
  return ofPanel.kind === "unknown" ? own : ofPanel;
}

type Part = Partial<PanelQuery> & Pick<PanelQuery, "source">;

function exprOf(target: Source, note: Note): string {
  const expr = textOr(target["expr"]) ?? "";
  if (expr === "") note("expr", "is empty: the query asks nothing");
  if (expr.length > exprMax)
    note("expr", `has ${expr.length} letters, expected at most ${exprMax}: cut`);
  noteForeign(expr, note, "expr");
  return expr.slice(0, exprMax);
}

function metricsQuery(target: Source, panelType: string, note: Note): Part {
  const [instant, range] = [target["instant"] === true, target["range"] === true];
  if (target["exemplar"] === true) note("exemplar", "exemplars are not drawn");
  const factor = numberOr(target["intervalFactor"]);
  if (factor !== undefined && factor > 1)
    note("intervalFactor", `the step is not multiplied by ${factor}`);
  noteRest(
    target,
    ["expr", "legendFormat", "instant", "format", "interval", "exemplar", "intervalFactor"],
    [...meaningless, "queryType", "editorMode", "step"],
    note,
  );
  noteUnless(target, { step: [] }, note, toldFromRange);
  const format = formatOf(target["format"], panelType, note);
  return {
    source: "metrics",
    expr: exprOf(target, note),
    instant,
    ...(instant && range ? { range } : {}),
    format,
    ...legendOf(target),
    ...stepOf(target["interval"]),
  };
}

function formatOf(value: unknown, panelType: string, note: Note): PanelQuery["format"] {
  const format = textOr(value);
  if (format === "table" || format === "heatmap") return format;
  if (format !== undefined && format !== "time_series")
    note("format", `"${format}" is not known: taken as time series`);
  return format === undefined && panelType === "table-old" ? "table" : "time_series";
}

function legendOf(target: Source): { legend?: string } {
  const legend = textOr(target["legendFormat"]);
  return legend === undefined || legend === "__auto" ? {} : { legend: legend.slice(0, exprMax) };
}

function stepOf(value: unknown): { step_min?: string } {
  const step = textOr(value);
  return step === undefined ? {} : { step_min: step.slice(0, 50) };
}

function logsQuery(target: Source, note: Note): Part {
  const type = textOr(target["queryType"]);
  if (type === "stream")
    note("queryType", "the stream is asked as a range; it follows by refreshing");
  const resolution = numberOr(target["resolution"]);
  if (resolution !== undefined && resolution > 1) note("resolution", `1/${resolution} is not kept`);
  if (target["direction"] === "forward")
    note("direction", "lines are asked for from the newest on");
  noteRest(
    target,
    [
      "expr",
      "legendFormat",
      "queryType",
      "maxLines",
      "resolution",
      "instant",
      "direction",
      "interval",
    ],
    [...meaningless, "format"],
    note,
  );
  if (type === undefined && target["instant"] === true && target["range"] === true)
    note("range", "asks both for one value and for the range: only the one value is asked");
  const limit = wholeOr(target["maxLines"], 1, 100_000);
  if (limit !== undefined && limit !== numberOr(target["maxLines"]))
    note("maxLines", `${String(target["maxLines"])} becomes ${limit}`);
  return {
    source: "logs",
    expr: exprOf(target, note),
    instant: type === "instant" || (type === undefined && target["instant"] === true),
    ...legendOf(target),
    ...stepOf(target["step"] ?? target["interval"]),
    ...(limit === undefined ? {} : { limit }),
  };
}

const expressionTypes = new Set(["math", "reduce", "resample", "threshold", "classic_conditions"]);
const expressionKeys = [
  "type",
  "reducer",
  "settings",
  "window",
  "downsampler",
  "upsampler",
  "conditions",
];

/** Grafana's server-side expressions: computed over the other queries of the panel (model/expression.ts). */
function expressionOf(target: Source, note: Note): Part {
  const type = textOr(target["type"]) ?? "";
  if (!expressionTypes.has(type)) note("type", `the expression "${type}" can't be computed here`);
  noteRest(target, ["expression", ...expressionKeys], [...meaningless, "label", "queryType"], note);
  const options = Object.fromEntries(
    expressionKeys.flatMap((key) => (target[key] === undefined ? [] : [[key, target[key]]])),
  );
  return {
    source: "expression",
    expr: textOr(target["expression"]) ?? "",
    options: optionsOf(options, note),
  };
}

function panelSource(target: Source, note: Note): Part {
  const id = wholeOr(target["panelId"], 1, Number.MAX_SAFE_INTEGER);
  if (id === undefined) note("panelId", "names no panel to take the answer of");
  if (textOr(target["topic"]) === "annotations")
    note("topic", "annotations of another panel are not taken");
  noteRest(target, ["panelId", "withTransforms", "topic"], meaningless, note);
  return {
    source: "panel",
    options: {
      ...(id === undefined ? {} : { panel: id }),
      transformed: target["withTransforms"] === true,
    },
  };
}

function unsupported(target: Source, source: SourceKind, note: Note): Part {
  const type = source.kind === "unsupported" ? source.type : source.kind;
  note(
    "datasource",
    `"${type.slice(0, 100)}" is a data source that Lapwing has not: the query is kept, and not asked`,
  );
  const expr =
    textOr(target["expr"] ?? target["query"] ?? target["rawSql"] ?? target["target"]) ?? "";
  return {
    source: "unsupported",
    expr: expr.slice(0, exprMax),
    options: { type: type.slice(0, 200), target: optionsOf(target, note) },
  };
}

function optionsOf(options: Source, note: Note): Record<string, unknown> {
  const copy = bounded(options);
  if (isRecord(copy)) return { ...copy };
  note("", "its options are too large or too deep, and not kept");
  return {};
}
