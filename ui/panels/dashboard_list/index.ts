import { z } from "zod";
import type { PanelKind } from "../panel_kind.ts";
import { dashboardListFromGrafana } from "./from_grafana.ts";
import { DashboardListOptions } from "./options.ts";

export const dashboardList: PanelKind = {
  kind: "dashboard_list",
  name: "Dashboard list",
  description: "Links to dashboards: starred, changed last, or found by title, folder and tags.",
  grafanaTypes: ["dashlist"],
  asks: false,
  options: DashboardListOptions,
  fieldOptions: z.strictObject({}),
  fromGrafana: dashboardListFromGrafana,
  sample: () => [],
  load: async () => (await import("./panel.tsx")).DashboardListPanel,
};
