import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { OperatingError } from "#shared/errors.ts";
import type { DashboardFile, DashboardRow } from "../../../client/dashboard_service.ts";
import { preloadKind } from "../../../panels/panel_component.ts";
import { panelKindOf } from "../../../panels/registry.ts";
import { useDashboard } from "../../../queries/dashboards.ts";

/** A dashboard that is read and checked. */
export type Opened = {
  readonly row: DashboardRow;
  readonly dashboard: Dashboard;
  /** What could not be carried over from Grafana's format. */
  readonly notes: readonly { readonly path: string; readonly why: string }[];
};

/** Asks a dashboard and reads its document; Grafana's are brought over, by code that is loaded for them only. */
export function useOpened(uid: string): {
  readonly file: UseQueryResult<DashboardFile>;
  readonly opened: UseQueryResult<Opened>;
} {
  const file = useDashboard(uid);
  const opened = useQuery({
    queryKey: ["opened_dashboard", uid, file.data?.row.version, file.data?.document],
    queryFn: () => {
      if (file.data === undefined) throw new OperatingError("not_found", "nothing was asked");
      return readFile(file.data);
    },
    enabled: file.data !== undefined,
    staleTime: Infinity,
    // The page stays while a version that was just saved is read.
    placeholderData: (before) => (before?.row.uid === uid ? before : undefined),
    structuralSharing: false,
  });
  return { file, opened };
}

async function readFile(file: DashboardFile): Promise<Opened> {
  const opened = await readDocument(file);
  // While the queries are under way, what draws their answers is loaded.
  const panels = opened.dashboard.rows.flatMap((row) => row.panels);
  for (const name of new Set(panels.map(({ kind }) => kind))) {
    const kind = panelKindOf(name);
    if (kind !== undefined) preloadKind(kind);
  }
  return opened;
}

async function readDocument({ row, format, document }: DashboardFile): Promise<Opened> {
  const json: unknown = JSON.parse(document);
  if (format === "grafana") {
    const { importGrafana } = await import("../../../dashboards/grafana/import.ts");
    const { dashboard, notes } = importGrafana(json);
    return { row, dashboard, notes };
  }
  const checked = Dashboard.safeParse(json);
  if (checked.success) return { row, dashboard: checked.data, notes: [] };
  const [issue] = checked.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw new OperatingError(
    "corrupt",
    `the document of "${row.title}" is not as expected at ${where}: ${issue?.message ?? ""}`,
  );
}
