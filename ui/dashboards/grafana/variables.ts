import type { Variable } from "#shared/dashboards/dashboard.ts";
import { allValue } from "../model/variables.ts";
import { parseCustomOptions, type VariableOption } from "../model/variable_options.ts";
import { noteForeign, noteRest, noteUnless, under, type Note } from "./notes.ts";
import {
  isRecord,
  listOf,
  numberOr,
  recordOf,
  recordsOf,
  textOr,
  wholeOr,
  type Source,
} from "./read.ts";
import type { SourceOf } from "./sources.ts";

const variablesMax = 200;
const optionsMax = 10_000;
const textMax = 100_000;
const knownBase = [
  "name",
  "label",
  "description",
  "hide",
  "type",
  "current",
  "skipUrlSync",
  // These are named where they say something: see `dropped`.
  "useTags",
  "tagsQuery",
  "tagValuesQuery",
  "allFormat",
  "multiFormat",
  "hideLabel",
  "allowCustomValue",
  "showInControlsMenu",
];
/** What Grafana keeps of a variable beside what it is: its last options, its place, how it is shown. */
const meaningless = [
  "id",
  "index",
  "state",
  "error",
  "global",
  "rootStateKey",
  "definition",
  "options",
  "refresh_on_load",
  "selected",
  "datasource",
  "rootStateKey",
  "initLock",
  "initGroup",
  "queryValue",
  "valuesFormat",
  "origin",
];

/** Of which nothing is made, with Grafana's defaults. */
const dropped = {
  useTags: [false],
  tagsQuery: [],
  tagValuesQuery: [],
  allFormat: ["glob", "regex values", "regex wildcard"],
  multiFormat: ["glob", "regex values"],
  hideLabel: [false],
  allowCustomValue: [true],
  showInControlsMenu: [false],
};

/** The variables of templating.list; those that are none here are left out, with a note. */
export function variablesOf(value: unknown, sourceOf: SourceOf, note: Note): Variable[] {
  const sources = recordsOf(value);
  if (sources.length > variablesMax)
    note(
      "variables",
      `${sources.length} variables, expected at most ${variablesMax}: the rest is left out`,
    );
  const names = new Set<string>();
  return sources.slice(0, variablesMax).flatMap((source): Variable[] => {
    const name = textOr(source["name"]) ?? "";
    const own = under(note, `variable "${name}"`);
    if (!/^\w{1,100}$/.test(name)) {
      own("name", "is not of letters, digits and underscores: the variable is left out");
      return [];
    }
    if (names.has(name)) {
      own("", "there are two of this name: the second is left out");
      return [];
    }
    const variable = variableOf(source, name, sourceOf, own);
    if (variable === undefined) return [];
    names.add(name);
    return [variable];
  });
}

type Base = Pick<Variable, "name" | "hide" | "label" | "description">;

function variableOf(
  source: Source,
  name: string,
  sourceOf: SourceOf,
  note: Note,
): Variable | undefined {
  if (source["skipUrlSync"] === true)
    note("skipUrlSync", "what is chosen always stands in the address");
  noteUnless(source, dropped, note);
  noteForeign(textOr(source["query"]) ?? queryText(source), note, "query");
  if (numberOr(source["hide"]) === 3) note("hide", "the variable stands with the others");
  const base = baseOf(source, name);
  switch (textOr(source["type"])) {
    case "query":
      return queryVariable(source, base, sourceOf, note);
    case "custom":
      return customVariable(source, base, note);
    case "constant":
      noteRest(
        source,
        [...knownBase, "query"],
        [...meaningless, "includeAll", "multi", "refresh", "sort", "regex"],
        note,
      );
      return {
        ...base,
        kind: "constant",
        value: textOr(source["query"]) ?? currentOf(source)[0] ?? "",
      };
    case "textbox":
      noteRest(source, [...knownBase, "query"], [...meaningless, "originalQuery"], note);
      return {
        ...base,
        kind: "text",
        value: currentOf(source)[0] ?? textOr(source["query"]) ?? "",
      };
    case "interval":
      return intervalVariable(source, base, note);
    case "datasource":
      return datasourceVariable(source, base, sourceOf, note);
    case "adhoc":
      return filtersVariable(source, base, note);
    default:
      note("type", `"${textOr(source["type"]) ?? ""}" is no kind of variable here: it is left out`);
      return undefined;
  }
}

function baseOf(source: Source, name: string): Base {
  const [label, description] = [textOr(source["label"]), textOr(source["description"])];
  const hide = wholeOr(source["hide"], 0, 3) ?? 0;
  return {
    name,
    ...(label === undefined ? {} : { label: label.slice(0, textMax) }),
    ...(description === undefined ? {} : { description: description.slice(0, textMax) }),
    hide: hide === 1 ? "label" : hide === 2 ? "all" : "no",
  };
}

/** What was chosen when the dashboard was saved. */
function currentOf(source: Source): string[] {
  const { value } = recordOf(source["current"]);
  const values = Array.isArray(value) ? value : [value];
  return values.flatMap((each) => {
    const text = typeof each === "boolean" ? String(each) : textOr(each);
    return text === undefined ? [] : [text.slice(0, textMax)];
  });
}

function choiceOf(source: Source) {
  const all = textOr(source["allValue"]);
  return {
    multi: source["multi"] === true,
    include_all: source["includeAll"] === true,
    ...(all === undefined ? {} : { all_value: all.slice(0, textMax) }),
    current: currentOf(source).map((each) =>
      each === "All" && source["includeAll"] === true ? allValue : each,
    ),
  };
}

const sorts = [
  "none",
  "asc",
  "desc",
  "num_asc",
  "num_desc",
  "ci_asc",
  "ci_desc",
  "nat_asc",
  "nat_desc",
] as const;

function queryVariable(source: Source, base: Base, sourceOf: SourceOf, note: Note): Variable {
  const known = [
    ...knownBase,
    "query",
    "regex",
    "sort",
    "refresh",
    "allValue",
    "includeAll",
    "multi",
    "staticOptions",
  ];
  noteRest(source, known, [...meaningless, "regexApplyTo", "staticOptionsOrder"], note);
  if (recordsOf(source["staticOptions"]).length > 0)
    note("staticOptions", "options beside those of the query are not carried over");
  if (source["regexApplyTo"] === "text")
    note("regexApplyTo", "the regular expression is applied to values");
  const query = queryText(source);
  if (query === "") note("query", "is empty: there is nothing to choose");
  const kind = sourceOf(source["datasource"]);
  const regex = textOr(source["regex"]);
  return {
    ...base,
    ...choiceOf(source),
    kind: "query",
    source: variableSource(kind.kind === "unsupported" ? kind.type : kind.kind, query, note),
    query: query.slice(0, textMax),
    ...(regex === undefined ? {} : { regex: regex.slice(0, textMax) }),
    sort: sorts[wholeOr(source["sort"], 0, 8) ?? 0] ?? "none",
    refresh: numberOr(source["refresh"]) === 2 ? "range" : "load",
  };
}

function variableSource(
  kind: string,
  query: string,
  note: Note,
): "metrics" | "logs" | "unsupported" {
  if (kind === "metrics" || kind === "logs") return kind;
  // Not known, but in words that only these sources have.
  if (kind === "unknown" && /^\s*(?:label_values|label_names|metrics|query_result)\(/.test(query))
    return "metrics";
  note(
    "datasource",
    `"${kind.slice(0, 100)}" is a data source that Lapwing has not: there is nothing to choose`,
  );
  return "unsupported";
}

/** Text, or what newer versions make of it: {query, refId}, {label, stream, type}. */
function queryText(source: Source): string {
  const { query } = source;
  if (!isRecord(query)) return textOr(query) ?? textOr(source["definition"]) ?? "";
  const text = textOr(query["query"]);
  if (text !== undefined) return text;
  const label = textOr(query["label"]);
  const selector = textOr(query["stream"] ?? query["metric"]);
  if (label !== undefined)
    return selector === undefined
      ? `label_values(${label})`
      : `label_values(${selector}, ${label})`;
  if (query["type"] === 0) return "label_names()";
  return textOr(query["expr"]) ?? textOr(source["definition"]) ?? "";
}

function customVariable(source: Source, base: Base, note: Note): Variable {
  const known = [...knownBase, "query", "allValue", "includeAll", "multi"];
  noteRest(source, known, [...meaningless, "refresh", "sort", "regex"], note);
  const options = customOptions(source);
  if (options.length > optionsMax)
    note(
      "query",
      `${options.length} options, expected at most ${optionsMax}: the rest is left out`,
    );
  return {
    ...base,
    ...choiceOf(source),
    kind: "custom",
    options: options.slice(0, optionsMax).map((each) => ({ ...each })),
  };
}

function customOptions(source: Source): readonly VariableOption[] {
  const text = textOr(source["query"]);
  if (text !== undefined && source["valuesFormat"] === "json") {
    try {
      const parsed: unknown = JSON.parse(text);
      return listOf(parsed).flatMap(jsonOption);
    } catch {
      return [];
    }
  }
  if (text !== undefined) return parseCustomOptions(text);
  return recordsOf(source["options"])
    .flatMap(jsonOption)
    .filter(({ value }) => value !== allValue);
}

function jsonOption(option: unknown): VariableOption[] {
  const value = textOr(isRecord(option) ? option["value"] : option);
  if (value === undefined) return [];
  return [{ text: textOr(recordOf(option)["text"]) ?? value, value }];
}

function intervalVariable(source: Source, base: Base, note: Note): Variable {
  noteRest(
    source,
    [...knownBase, "query", "auto", "auto_count", "auto_min"],
    [...meaningless, "refresh", "includeAll", "multi", "sort", "regex", "allValue"],
    note,
  );
  const options = (textOr(source["query"]) ?? "")
    .split(",")
    .map((each) => each.trim().replaceAll(/^["']|["']$/g, ""));
  const auto = {
    steps: wholeOr(source["auto_count"], 1, 100_000) ?? 30,
    min: (textOr(source["auto_min"]) ?? "10s").slice(0, 50),
  };
  return {
    ...base,
    kind: "interval",
    options: options
      .filter((each) => each !== "" && each !== "auto" && each.length <= 50)
      .slice(0, optionsMax),
    ...(source["auto"] === true ? { auto } : {}),
    current: currentOf(source)[0] ?? "",
  };
}

/** Lapwing answers each language itself: the variable keeps its name, and nobody has to choose. */
function datasourceVariable(source: Source, base: Base, sourceOf: SourceOf, note: Note): Variable {
  noteRest(
    source,
    [...knownBase, "query", "allValue", "includeAll", "multi", "regex"],
    [...meaningless, "refresh", "sort"],
    note,
  );
  noteUnless(
    source,
    { regex: [], allValue: [], includeAll: [false], multi: [false] },
    note,
    "is not kept: Lapwing answers each language itself, there is nothing to choose from",
  );
  const type = (textOr(source["query"]) ?? "").slice(0, 200);
  const kind = sourceOf({ type });
  if (kind.kind === "unsupported")
    note("query", `"${type}" is a data source that Lapwing has not: there is nothing to choose`);
  // What was chosen is the name of a data source elsewhere.
  return {
    ...base,
    hide: "all",
    kind: "datasource",
    multi: false,
    include_all: false,
    current: [],
    type,
  };
}

const operators = ["=", "!=", "=~", "!~"] as const;

function filtersVariable(source: Source, base: Base, note: Note): Variable {
  noteRest(
    source,
    [...knownBase, "filters", "baseFilters", "defaultKeys", "applyMode"],
    [...meaningless, "supportsMultiValueOperators"],
    note,
  );
  if (recordsOf(source["baseFilters"]).length > 0) note("baseFilters", "are not carried over");
  if (listOf(source["defaultKeys"]).length > 0)
    note("defaultKeys", "are not carried over: all labels are offered");
  const current = recordsOf(source["filters"]).flatMap((filter, i) => {
    const label = textOr(filter["key"])?.slice(0, 200);
    const op = operators.find((each) => each === filter["operator"]);
    if (label !== undefined && op !== undefined)
      return [{ label, op, value: (textOr(filter["value"]) ?? "").slice(0, textMax) }];
    note(
      `filters[${i}]`,
      `"${textOr(filter["operator"]) ?? ""}" is no condition here: it is left out`,
    );
    return [];
  });
  return { ...base, kind: "filters", current: current.slice(0, 100) };
}
