import { assertNever } from "../assert.ts";
import type { Board } from "./board.ts";
import { type BoardPlace, placesOf } from "./board_places.ts";
import { panelBodyOf } from "./grafana_panel.ts";

/** Grafana's "classic" JSON model, which every version from 10 on imports. https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
export type GrafanaDashboard = Readonly<Record<string, unknown>> & {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly GrafanaPanel[];
};
export type GrafanaPanel = Readonly<Record<string, unknown>> & {
  readonly id: number;
  readonly type: string;
  readonly gridPos: BoardPlace;
};
type Panel = Board["rows"][number]["panels"][number];

const columns = 24;
/** Of Grafana 10; later ones bring it up to date as they open it. */
const schemaVersion = 39;
/** Names of the variables that choose data sources, so that a dashboard fits whatever they are called. */
const sources = { metrics: "datasource", logs: "logs" } as const;
const grafanaTypes = { metrics: "prometheus", logs: "loki" } as const;

/** A board as JSON to import into Grafana. `uid`: stays the same, so that the next version replaces this one. */
export function toGrafana(board: Board, uid: string): GrafanaDashboard {
  return {
    id: null,
    uid,
    title: board.title,
    description: board.description ?? "",
    tags: board.tags,
    editable: true,
    graphTooltip: 1,
    timezone: "browser",
    time: { from: "now-3h", to: "now" },
    refresh: "30s",
    schemaVersion,
    version: 1,
    links: [],
    annotations: { list: [] },
    templating: { list: [...sourceVariables(board), ...board.variables.map(queryVariable)] },
    panels: placed(board),
  };
}

function sourceVariables(board: Board) {
  const panels = board.rows.flatMap((row) => row.panels);
  const hasLogs = panels.some(({ queries }) =>
    queries.some(({ datasource }) => datasource === "logs"),
  );
  return [
    sourceVariable(sources.metrics, "Metrics", "prometheus"),
    ...(hasLogs ? [sourceVariable(sources.logs, "Logs", "loki")] : []),
  ];
}

function sourceVariable(name: string, label: string, plugin: string) {
  return {
    name,
    label,
    type: "datasource",
    query: plugin,
    current: {},
    options: [],
    regex: "",
    refresh: 1,
    hide: 0,
    includeAll: false,
    multi: false,
    skipUrlSync: false,
  };
}

/** Any number of values, all of them at first. */
function queryVariable({ name, query, label }: Board["variables"][number]) {
  return {
    name,
    ...(label === undefined ? {} : { label }),
    type: "query",
    datasource: { type: "prometheus", uid: `\${${sources.metrics}}` },
    definition: query,
    query: { query, refId: "PrometheusVariableQueryEditor-VariableQuery" },
    current: { selected: true, text: ["All"], value: ["$__all"] },
    options: [],
    regex: "",
    // Not empty: Loki refuses a selector of which all matchers may be so.
    allValue: ".+",
    includeAll: true,
    multi: true,
    refresh: 2,
    sort: 1,
    hide: 0,
    skipUrlSync: false,
  };
}

/** Panels with their places on the whole page, row by row. */
function placed(board: Board): GrafanaPanel[] {
  const panels: GrafanaPanel[] = [];
  let y = 0;
  for (const row of board.rows) {
    const id = panels.length + 1;
    const gridPos = { x: 0, y, w: columns, h: 1 };
    panels.push({ id, type: "row", title: row.title, collapsed: false, gridPos, panels: [] });
    y += 1;
    const places = placesOf(row.panels);
    row.panels.forEach((panel, i) => {
      const place = places[i];
      if (place === undefined) return;
      panels.push(panelOf(panel, panels.length + 1, { ...place, y: y + place.y }));
    });
    y += Math.max(...places.map((place) => place.y + place.h));
  }
  return panels;
}

function panelOf(panel: Panel, id: number, gridPos: BoardPlace): GrafanaPanel {
  const { title, description, queries } = panel;
  return {
    id,
    title,
    ...(description === undefined ? {} : { description }),
    gridPos,
    datasource: sourceOf(queries[0]?.datasource ?? "metrics"),
    targets: queries.map(({ expr, legend, instant, datasource }, i) => {
      const isInstant = instant ?? panel.type === "table";
      return {
        refId: String.fromCharCode(65 + i),
        datasource: sourceOf(datasource),
        editorMode: "code",
        expr,
        ...(legend === undefined ? {} : { legendFormat: legend }),
        ...queryKindOf(datasource, isInstant, panel),
      };
    }),
    ...panelBodyOf(panel),
  };
}

function queryKindOf(kind: keyof typeof sources, isInstant: boolean, panel: Panel) {
  switch (kind) {
    case "metrics":
      return { instant: isInstant, range: !isInstant, format: formatOf(panel) };
    case "logs":
      return { queryType: isInstant ? "instant" : "range" };
    default:
      return assertNever(kind);
  }
}

function sourceOf(kind: keyof typeof sources) {
  return { type: grafanaTypes[kind], uid: `\${${sources[kind]}}` };
}

function formatOf({ type }: Panel): "time_series" | "table" | "heatmap" {
  return type === "table" ? "table" : type === "heatmap" ? "heatmap" : "time_series";
}
