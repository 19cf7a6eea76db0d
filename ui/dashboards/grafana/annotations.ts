import type { Annotation } from "#shared/dashboards/dashboard.ts";
import { tagsOf } from "./links.ts";
import { colorOf } from "./mappings.ts";
import { noteRest, noteUnless, under, type Note } from "./notes.ts";
import { listOf, numberOr, recordOf, recordsOf, textOr, type Source } from "./read.ts";
import { languageOf, type SourceOf } from "./sources.ts";

const annotationsMax = 100;
const textMax = 100_000;
const known = [
  "name",
  "enable",
  "hide",
  "iconColor",
  "expr",
  "query",
  "step",
  "titleFormat",
  "textFormat",
  "tagKeys",
  "tags",
  "type",
  "target",
  "filter",
  "useValueForTime",
  "builtIn",
  "datasource",
  "matchAny",
  "mappings",
  "limit",
];
/** Of which nothing is made, with Grafana's defaults. */
const dropped = {
  showIn: [0],
  showLine: [true],
  lineColor: ["rgba(255, 96, 96, 0.592157)"],
  iconSize: [13],
  rawQuery: [],
  instant: [false],
  maxLines: [],
  queryType: ["range", "timeSeriesQuery"],
  placement: [],
};
const targetDropped = {
  instant: [false],
  range: [true],
  interval: [],
  queryType: ["range", "timeSeriesQuery"],
  maxLines: [],
  legendFormat: ["__auto"],
  exemplar: [false],
  step: [],
  format: ["time_series"],
  intervalFactor: [1, 2],
};

/** The annotations of a dashboard: those made by hand, and those that an expression gives. */
export function annotationsOf(value: unknown, sourceOf: SourceOf, note: Note): Annotation[] {
  const sources = recordsOf(value);
  if (sources.length > annotationsMax)
    note(
      "annotations",
      `${sources.length} annotations, expected at most ${annotationsMax}: the rest is left out`,
    );
  return sources.slice(0, annotationsMax).map((source, i) => {
    const name = textOr(source["name"]) ?? `annotations[${i}]`;
    return annotationOf(
      source,
      name.slice(0, textMax),
      sourceOf,
      under(note, `annotation "${name}"`),
    );
  });
}

function annotationOf(source: Source, name: string, sourceOf: SourceOf, note: Note): Annotation {
  const target = recordOf(source["target"]);
  noteRest(source, known, Object.keys(dropped), note);
  noteUnless(source, dropped, note);
  noteUnless(target, targetDropped, under(note, "target"));
  noteRest(
    target,
    ["expr", "limit", "tags", "type", "matchAny"],
    [...targetMeaningless, ...Object.keys(targetDropped)],
    note,
    "target",
  );
  if (source["useValueForTime"] === true && source["useValueForTime"] !== undefined)
    note("useValueForTime", "the time of a point is that of its sample");
  if (Object.keys(recordOf(source["mappings"])).length > 0)
    note("mappings", "fields are not mapped to parts of an annotation");
  const expr = (textOr(source["expr"] ?? target["expr"]) ?? "").slice(0, textMax);
  const color = colorOf(source["iconColor"]);
  return {
    name,
    enabled: source["enable"] !== false,
    hidden: source["hide"] === true,
    color: color ?? "accent",
    ...sourcePart(source, target, expr, sourceOf, note),
    ...textPart("step", source["step"], 50),
    ...textPart("title", source["titleFormat"], textMax),
    ...textPart("text", source["textFormat"], textMax),
    panels: panelsOf(recordOf(source["filter"]), note),
  };
}

const targetMeaningless = [
  "refId",
  "name",
  "datasource",
  "editorMode",
  "iconColor",
  "enable",
  "key",
];

function textPart<K extends string>(
  key: K,
  value: unknown,
  max: number,
): Partial<Record<K, string>> {
  const text = textOr(value);
  const part: Partial<Record<K, string>> = {};
  if (text !== undefined) part[key] = text.slice(0, max);
  return part;
}

function sourcePart(
  source: Source,
  target: Source,
  expr: string,
  sourceOf: SourceOf,
  note: Note,
): Pick<Annotation, "source" | "expr" | "tags"> {
  const kind = sourceOf(source["datasource"]);
  const isByHand = numberOr(source["builtIn"]) === 1 || (kind.kind === "grafana" && expr === "");
  const tags = tagsOf(source["tags"], 50);
  if (isByHand) {
    if (target["matchAny"] === true || source["matchAny"] === true)
      note("matchAny", "shows those with all of the tags");
    const own = tagsOf(target["tags"], 50);
    return { source: "stored", expr: "", tags: own.length > 0 ? own : tags };
  }
  const keys = tagsOf(source["tagKeys"], 50);
  if (kind.kind === "metrics" || kind.kind === "logs")
    return { source: kind.kind, expr, tags: keys };
  if (kind.kind === "unknown" && expr !== "")
    return { source: languageOf(expr, ""), expr, tags: keys };
  const type = kind.kind === "unsupported" ? kind.type : kind.kind;
  note(
    "datasource",
    `"${type.slice(0, 100)}" is a data source that Lapwing has not: the annotation is kept, and not asked`,
  );
  return { source: "unsupported", expr, tags: keys };
}

function panelsOf(filter: Source, note: Note): number[] {
  const ids = listOf(filter["ids"])
    .flatMap((each) => numberOr(each) ?? [])
    .filter(Number.isSafeInteger);
  if (ids.length === 0) return [];
  if (filter["exclude"] !== true) return ids;
  note("filter", `all panels but ${ids.join(", ")} can't be said here: all panels show it`);
  return [];
}
