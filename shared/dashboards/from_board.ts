import type { Board } from "./board.ts";
import { levelColors, stepsOf, tableSteps } from "./board_parts.ts";
import { placesOf } from "./board_places.ts";
import {
  Dashboard,
  type FieldOptions,
  type Mapping,
  type Panel as DashboardPanel,
  type PanelQuery,
  type Row,
  type Variable,
} from "./dashboard.ts";

type Panel = Board["rows"][number]["panels"][number];

/** A board as a dashboard: each row with its panels from left to right, a new line where one is full. */
export function fromBoard(board: Board): Dashboard {
  let id = 0;
  const nextId = () => (id += 1);
  return Dashboard.parse({
    title: board.title,
    description: board.description,
    tags: board.tags,
    time: { from: "now-3h", to: "now" },
    refresh: "30s",
    variables: board.variables.map(variableOf),
    rows: board.rows.map(({ title, panels }): Row => {
      const rowId = nextId();
      const places = placesOf(panels);
      return {
        id: rowId,
        title,
        closed: false,
        panels: panels.flatMap((panel, i) => {
          const place = places[i];
          return place === undefined ? [] : panelOf(panel, nextId(), place);
        }),
      };
    }),
  });
}

/** Any number of values, all of them at first. What no series has is left out of "all" by asking for at least one letter. */
function variableOf({ name, query, label }: Board["variables"][number]): Variable {
  return {
    kind: "query",
    name,
    label,
    hide: "no",
    multi: true,
    include_all: true,
    all_value: ".+",
    current: ["$__all"],
    source: "metrics",
    query,
    sort: "asc",
    refresh: "range",
  };
}

function panelOf(panel: Panel, id: number, place: DashboardPanel["place"]): DashboardPanel {
  return {
    id,
    kind: panel.type,
    title: panel.title,
    description: panel.description,
    place,
    queries: panel.queries.map((query, i) => queryOf(panel, query, i)),
    transformations: panel.type === "table" ? tableSteps(panel) : [],
    field: fieldOf(panel),
    overrides: overridesOf(panel),
    options: optionsOf(panel),
    links: [],
  };
}

function queryOf(panel: Panel, query: Panel["queries"][number], i: number): PanelQuery {
  return {
    ref: String.fromCharCode(65 + i),
    source: query.datasource,
    expr: query.expr,
    legend: query.legend,
    instant: query.instant ?? panel.type === "table",
    format: panel.type === "table" || panel.type === "heatmap" ? panel.type : "time_series",
  };
}

/** Only what is not the kind's default; a test of all boards holds these against the kinds' schemas. */
function optionsOf({ type, text, thresholds }: Panel): Record<string, unknown> {
  switch (type) {
    case "text":
      return { content: text ?? "" };
    case "stat":
      return thresholds.length === 0 ? { color: "none" } : {};
    case "bargauge":
      return { orientation: "horizontal", mode: "gradient" };
    case "timeseries":
      return { legend_sort: "last", legend_down: true };
    default:
      return {};
  }
}

/** How lines are drawn: stacked ones as areas, and limits as dashed lines. */
function graphStyle({ stack, thresholds }: Panel): Record<string, unknown> {
  return {
    fill_opacity: stack === true ? 30 : 8,
    // Areas are read by their height, so they stand on zero.
    ...(stack === true ? { stack: "normal", soft_min: 0 } : {}),
    ...(thresholds.length === 0 ? {} : { thresholds: "dashed" }),
  };
}

function fieldOf(panel: Panel): FieldOptions {
  if (panel.type === "text") return {};
  if (panel.type === "logs") return { no_value: panel.none };
  const { unit, min, max, decimals, thresholds, type } = panel;
  if (type === "heatmap") return { unit };
  const isJudged = thresholds.length > 0 && type !== "timeseries";
  return {
    unit,
    min,
    max,
    decimals,
    no_value: panel.none,
    color: { mode: isJudged ? "thresholds" : "palette-classic" },
    ...judgedBy(thresholds),
    ...wordsOf(panel.words),
    custom: type === "timeseries" ? graphStyle(panel) : undefined,
  };
}

function judgedBy(thresholds: Panel["thresholds"]): FieldOptions {
  if (thresholds.length === 0) return {};
  return { thresholds: { mode: "absolute", steps: stepsOf(thresholds) } };
}

function wordsOf(words: Panel["words"]): { mappings?: Mapping[] } {
  const mappings = Object.entries(words).map(([value, text]): Mapping => {
    return { kind: "value", value, result: { text } };
  });
  return mappings.length === 0 ? {} : { mappings };
}

function overridesOf(panel: Panel): DashboardPanel["overrides"] {
  if (panel.type === "table") return columnsOf(panel);
  return levelColors(panel).map(({ name, color }) => {
    const set: FieldOptions = { color: { mode: "fixed", fixed: color } };
    return { match: { by: "name", value: name }, set };
  });
}

/** Numbers of a table that are judged are coloured; a column that is named may have a form of its own. */
function columnsOf({ thresholds, columns }: Panel): DashboardPanel["overrides"] {
  const colored: FieldOptions = { color: { mode: "thresholds" }, custom: { cell: "color_text" } };
  const judged: DashboardPanel["overrides"] =
    thresholds.length === 0 ? [] : [{ match: { by: "type", value: "number" }, set: colored }];
  return columns.reduce((all, { title, unit, decimals, width, words, thresholds: own }) => {
    const set: FieldOptions = {
      ...(unit === undefined ? {} : { unit }),
      ...(decimals === undefined ? {} : { decimals }),
      ...wordsOf(words),
      ...(own.length === 0 ? {} : { ...judgedBy(own), ...colored }),
      ...(width === undefined
        ? {}
        : { custom: { ...(own.length === 0 ? {} : colored.custom), width } }),
    };
    if (Object.keys(set).length === 0) return all;
    return [...all, { match: { by: "name", value: title }, set }];
  }, judged);
}
