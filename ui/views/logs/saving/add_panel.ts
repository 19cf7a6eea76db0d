import { useMutation, useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import { Dashboard, type Panel } from "#shared/dashboards/dashboard.ts";
import { OperatingError } from "#shared/errors.ts";
import type { DashboardRow } from "../../../client/dashboard_service.ts";
import { useServices } from "../../../queries/services.ts";
import type { TimeRange } from "../../../state/time_range.ts";

export type AddRequest = {
  readonly query: string;
  readonly isMetric: boolean;
  readonly title: string;
  /** Of the dashboard it goes to; empty for a new one of the panel's title. */
  readonly uid: string;
  /** Of the new dashboard. */
  readonly range: TimeRange;
};

/** A dashboard with the query as one more panel, below the others of its last row. */
export function withLogPanel(dashboard: Dashboard, request: AddRequest): Dashboard {
  const ids = dashboard.rows.flatMap((row) => [row.id, ...row.panels.map((panel) => panel.id)]);
  const next = Math.max(0, ...ids) + 1;
  const last = dashboard.rows.at(-1);
  const ends = last?.panels.map(({ place }) => place.y + place.h) ?? [];
  const { query, isMetric, title } = request;
  const panel: Panel = {
    id: next,
    kind: isMetric ? "timeseries" : "logs",
    title,
    place: { x: 0, y: Math.max(0, ...ends), w: 24, h: 12 },
    queries: [{ ref: "A", source: "logs", expr: query, format: "time_series" }],
    transformations: [],
    field: {},
    overrides: [],
    options: {},
    links: [],
  };
  if (last === undefined)
    return { ...dashboard, rows: [{ id: next + 1, title: "", closed: false, panels: [panel] }] };
  const row = { ...last, panels: [...last.panels, panel] };
  return { ...dashboard, rows: dashboard.rows.with(dashboard.rows.length - 1, row) };
}

/** Saves the dashboard with the panel; one that changed meanwhile is refused by the aggregator. */
export function useAddLogPanel(): UseMutationResult<DashboardRow, Error, AddRequest> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  return useMutation({
    networkMode: "always",
    mutationFn: async (request: AddRequest) => {
      const { uid, title, range } = request;
      if (uid === "") {
        const empty = Dashboard.parse({ title, time: { from: range.from, to: range.to } });
        const document = JSON.stringify(withLogPanel(empty, request));
        const made = { uid: "", document, folder: "", message: "Made from logs", basedOn: 0 };
        return dashboards.saveDashboard(made);
      }
      const { row, format, document } = await dashboards.getDashboard(uid, 0);
      if (format !== "lapwing")
        throw new OperatingError(
          "bad_request",
          `"${row.title}" is kept in Grafana's format and can't be changed here`,
        );
      const changed = withLogPanel(Dashboard.parse(JSON.parse(document)), request);
      return dashboards.saveDashboard({
        uid,
        document: JSON.stringify(changed),
        folder: row.folder,
        message: `Added "${title}" from logs`,
        basedOn: row.version,
      });
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ["dashboards"] }),
  });
}
