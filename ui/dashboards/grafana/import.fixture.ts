import { importGrafana } from "./import.ts";

/** What the panels below ask, as Grafana writes it. */
export const prometheus = { type: "prometheus", uid: "p" };
/** A panel of Grafana, with what differs. */
export const panel = (more: Record<string, unknown>) => ({
  id: 1,
  type: "timeseries",
  title: "CPU",
  gridPos: { x: 0, y: 0, w: 12, h: 8 },
  datasource: prometheus,
  targets: [{ refId: "A", expr: "up" }],
  ...more,
});
export const importOf = (dashboard: Record<string, unknown>) =>
  importGrafana({ title: "T", panels: [], ...dashboard });
/** The first panel of an import, and its notes. */
export const importPanel = (more: Record<string, unknown>) => {
  const { dashboard, notes } = importOf({ panels: [panel(more)] });
  return {
    panel: dashboard.rows[0]?.panels[0],
    notes: notes.map(({ path, why }) => `${path} ${why}`),
  };
};
