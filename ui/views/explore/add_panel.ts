import { useMutation, useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import { OperatingError } from "#shared/errors.ts";
import { Dashboard, type Panel } from "#shared/dashboards/dashboard.ts";
import type { DashboardRow } from "../../client/dashboard_service.ts";
import { fillFormula } from "../../promql/formula.ts";
import { useServices } from "../../queries/services.ts";
import type { TimeRange } from "../../state/time_range.ts";
import type { ExploreQuery, ExploreState } from "./explore_search.ts";
import { panelOf } from "./panel_of.ts";

export type AddRequest = {
  readonly state: ExploreState;
  readonly title: string;
  readonly target:
    | { readonly kind: "new"; readonly title: string }
    | { readonly kind: "old"; readonly uid: string };
  /** Of the new dashboard. */
  readonly range: TimeRange;
};

const size = { w: 12, h: 8 } as const;

/** Queries that are shown, with formulas filled in. */
export function exploreQueries({ queries }: ExploreState): readonly ExploreQuery[] {
  return queries
    .filter(({ hidden, expr }) => !hidden && expr.trim() !== "")
    .map((query) => ({
      ...query,
      expr:
        fillFormula(
          query.expr,
          queries.filter(({ ref }) => ref !== query.ref),
        ).expr ?? query.expr,
    }));
}

/** The page as a panel of a dashboard. Its place is the caller's. */
function panelFor(state: ExploreState, title: string, id: number, y: number): Panel {
  const { kind, options, custom } = panelOf(state.view);
  return {
    id,
    kind,
    title,
    place: { x: 0, y, ...size },
    queries: exploreQueries(state).map(({ ref, expr, type, legend, step }) => ({
      ref,
      source: "metrics",
      expr,
      format: kind === "heatmap" ? "heatmap" : kind === "table" ? "table" : "time_series",
      ...(type === "instant" || kind === "table" ? { instant: true } : {}),
      ...(legend === "" ? {} : { legend }),
      ...(step === "" ? {} : { step_min: step }),
    })),
    transformations: [],
    field: Object.keys(custom).length === 0 ? {} : { custom: { ...custom } },
    overrides: [],
    options: { ...options },
    links: [],
  };
}

/** A dashboard with one more panel, below the others of its last row. */
function withPanel(dashboard: Dashboard, state: ExploreState, title: string): Dashboard {
  const ids = dashboard.rows.flatMap((row) => [row.id, ...row.panels.map((panel) => panel.id)]);
  const next = Math.max(0, ...ids) + 1;
  const last = dashboard.rows.at(-1);
  const places = last?.panels.map(({ place }) => place.y + place.h) ?? [];
  const panel = panelFor(state, title, next, Math.max(0, ...places));
  if (last === undefined) {
    return { ...dashboard, rows: [{ id: next + 1, title: "", closed: false, panels: [panel] }] };
  }
  const rows = dashboard.rows.with(dashboard.rows.length - 1, {
    ...last,
    panels: [...last.panels, panel],
  });
  return { ...dashboard, rows };
}

export function useAddPanel(): UseMutationResult<DashboardRow, Error, AddRequest> {
  const { dashboards } = useServices();
  const cache = useQueryClient();
  return useMutation({
    networkMode: "always",
    mutationFn: async ({ state, title, target, range }: AddRequest) => {
      if (target.kind === "new") {
        const { from, to } = range;
        const made = withPanel(
          Dashboard.parse({ title: target.title, time: { from, to } }),
          state,
          title,
        );
        return dashboards.saveDashboard({
          uid: "",
          document: JSON.stringify(made),
          folder: "",
          message: "Made in Explore",
          basedOn: 0,
        });
      }
      const { row, format, document } = await dashboards.getDashboard(target.uid, 0);
      if (format !== "lapwing") {
        throw new OperatingError(
          "bad_request",
          `"${row.title}" is a file of Grafana's, and can't be changed here`,
        );
      }
      const changed = withPanel(Dashboard.parse(JSON.parse(document)), state, title);
      return dashboards.saveDashboard({
        uid: row.uid,
        document: JSON.stringify(changed),
        folder: row.folder,
        message: `Added "${title}" in Explore`,
        basedOn: row.version,
      });
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ["dashboards"] }),
  });
}
