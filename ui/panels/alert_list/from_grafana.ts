import type { GrafanaPanelSource, ImportNote } from "../panel_kind.ts";
import { readGrafana } from "../parts/grafana_reader.ts";

/** 1 alphabetical ascending, 2 descending, 3 by importance, 4 time ascending, 5 time descending. */
const orders: Readonly<Record<number, string>> = {
  1: "name",
  3: "importance",
  4: "oldest",
  5: "newest",
};

export function alertListFromGrafana(source: GrafanaPanelSource, note: ImportNote) {
  const from = readGrafana(source, note);
  const order = from.number("options.sortOrder");
  if (order === 2) note("options.sortOrder", "names in descending order have no counterpart here");
  from.drop(
    {
      "options.viewMode": ["list"],
      "options.groupMode": ["default"],
      "options.groupBy": [],
      "options.dashboardAlerts": [false],
      "options.datasource": ["grafana", "-- Grafana --"],
      "options.folder": [],
      "options.showInstances": [false],
      "options.showInactiveAlerts": [false],
      "options.stateFilter.noData": [false],
      "options.stateFilter.error": [true],
      "options.stateFilter.recovering": [true],
    },
    "has no counterpart in this list",
  );
  return from.done({
    firing: from.flag("options.stateFilter.firing"),
    pending: from.flag("options.stateFilter.pending"),
    inactive: from.flag("options.stateFilter.normal"),
    name: from.text("options.alertName"),
    labels: from.text("options.alertInstanceLabelFilter")?.replace(/^\s*\{|\}\s*$/g, ""),
    sort: order === undefined ? undefined : orders[order],
    limit: from.whole("options.maxItems", 1, 500),
  });
}
