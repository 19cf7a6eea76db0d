import "./client/schema_mode.ts";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { assert } from "#shared/assert.ts";
import { createAppRouter } from "./app.tsx";
import { connectDashboards } from "./client/dashboard_service.ts";
import { connectData } from "./client/storage/data_service.ts";
import { connectEvents } from "./client/event_service.ts";
import { connectInventory } from "./client/query_service.ts";
import { createQueryClient } from "./queries/query_client.ts";
import { ServicesContext } from "./queries/services.ts";
import { alertmanagerPage } from "./state/alertmanager_links.ts";
import { restoreTheme } from "./state/theme.ts";
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/pictures.css";
import "./style/table.css";
import "./style/shell.css";
import "./style/overlays.css";
import "./style/menus.css";
import "./style/controls.css";
import "./style/time.css";
import "./style/overview.css";
import "./style/hosts.css";
import "./style/chart.css";
import "./style/host.css";
import "./style/panels.css";
import "./style/panel_text.css";
import "./style/panel_logs.css";
import "./style/panel_body.css";
import "./style/graph.css";
import "./style/graph_tips.css";
import "./style/figures.css";
import "./style/data_table.css";
import "./style/data.css";
import "./style/explore.css";
import "./style/explore_builder.css";
import "./style/explore_sheets.css";
import "./style/explore_metrics.css";
import "./style/log_levels.css";
import "./style/logs.css";
import "./style/log_list.css";
import "./style/log_sides.css";
import "./style/log_tabs.css";
import "./style/board_list.css";
import "./style/board.css";
import "./style/board_edit.css";
import "./style/forms.css";
import "./style/board_sheets.css";
import "./style/agents.css";
import "./style/alerts.css";
import "./style/silences.css";
import "./style/rule_editor.css";
import "./style/routing.css";

restoreTheme();
const linked = location.pathname === "/" ? alertmanagerPage(location.hash) : undefined;
if (linked !== undefined) history.replaceState(null, "", linked);

const root = document.getElementById("root");
assert(root !== null, "index.html has an element with the id root");
const services = {
  inventory: connectInventory(location.origin),
  dashboards: connectDashboards(location.origin),
  events: connectEvents(location.origin),
  data: connectData(location.origin),
};
const cache = createQueryClient();
createRoot(root).render(
  <StrictMode>
    <ServicesContext value={services}>
      <QueryClientProvider client={cache}>
        <RouterProvider router={createAppRouter({ cache, dashboards: services.dashboards })} />
      </QueryClientProvider>
    </ServicesContext>
  </StrictMode>,
);
