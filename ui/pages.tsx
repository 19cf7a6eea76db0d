import {
  createRootRouteWithContext,
  createRoute,
  lazyRouteComponent,
  retainSearchParams,
} from "@tanstack/react-router";
import type { QueryClient } from "@tanstack/react-query";
import { z } from "zod";
import type { DashboardClient } from "./client/dashboard_service.ts";
import { PageShell } from "./shell/page_shell.tsx";
import { NotFound, PageError } from "./shell/no_page.tsx";
import { prefetchDashboard } from "./queries/dashboards.ts";
import { PageRangeSearch } from "./state/url.ts";
import { listColumns } from "./views/dashboards/list/list_rows.ts";
import { alertStates } from "./views/alerts/alert_states.ts";
import { historyChoices, historyDays } from "./views/alerts/history/history_choices.ts";
import { agentStates } from "./views/agents/agent_rows.ts";
import { hostStates } from "./views/hosts/host_labels.ts";
import { sortColumns } from "./views/hosts/host_rows.ts";
import { LogServicesSearch, LogsSearch } from "./views/logs/state/search_schema.ts";

const text = z.string().optional().catch(undefined);
const HostsSearch = z.object({
  q: text,
  view: z.enum(["table", "grid"]).optional().catch(undefined),
  state: z.enum(hostStates).optional().catch(undefined),
  labels: text,
  group: text,
  hide: text,
  sort: z.enum(sortColumns).optional().catch(undefined),
  dir: z.enum(["up", "down"]).optional().catch(undefined),
});
const HostSearch = z.object({ log: text, tab: text, q: text, only: text });
const AgentsSearch = z.object({
  q: text,
  is: z.enum(agentStates).optional().catch(undefined),
  version: text,
  enrol: text,
  sort: text,
  dir: text,
  hide: text,
});
const AgentSearch = z.object({
  tab: z.enum(["targets", "configuration", "spool", "limits"]).optional().catch(undefined),
  q: text,
  only: text,
});
const DataSearch = z.object({
  q: text,
  tab: z.enum(["account", "storage", "cardinality", "blocks"]).optional().catch(undefined),
  agent: text,
  metric: text,
  label: text,
  match: text,
  signal: z.enum(["metrics", "logs"]).optional().catch(undefined),
  block: text,
});

const AlertsSearch = z.object({
  q: text,
  tab: z
    .enum(["alerts", "rules", "silences", "receivers", "routes", "notifications", "history"])
    .optional()
    .catch(undefined),
  /** Of an alert whose route is shown: `severity="critical", team="web"`. */
  labels: text,
  is: z.enum(alertStates).optional().catch(undefined),
  receiver: text,
  open: text,
  /** How silences are shown. */
  view: z.enum(["list", "calendar", "recurring"]).optional().catch(undefined),
  /** What a new silence matches, and how long it lasts: from a link in a message. */
  matchers: text,
  for: text,
  /** What the history shows, and of how many days. */
  only: z.enum(historyChoices).optional().catch(undefined),
  days: z.enum(historyDays).optional().catch(undefined),
});

const RuleSearch = z.object({
  /** A rule by its namespace or file, its group, and its place in it; a new one without. */
  ns: text,
  group: text,
  rule: text,
  copy: text,
  /** What a new rule begins with. */
  expr: text,
  lang: z.enum(["promql", "logql"]).optional().catch(undefined),
  name: text,
});

const DashboardsSearch = z.object({
  q: text,
  folder: text,
  tags: text,
  starred: text,
  origin: z.enum(["saved", "file", "built_in"]).optional().catch(undefined),
  sort: z.enum(listColumns).optional().catch(undefined),
  dir: z.enum(["up", "down"]).optional().catch(undefined),
});

/** What pages need before they are drawn. */
export type PagesContext = { readonly cache: QueryClient; readonly dashboards: DashboardClient };

const root = createRootRouteWithContext<PagesContext>()({
  component: PageShell,
  validateSearch: PageRangeSearch,
  search: { middlewares: [retainSearchParams(["from", "to", "tz", "refresh"])] },
  notFoundComponent: NotFound,
  errorComponent: PageError,
});
const getParentRoute = () => root;

/**
 * Every page of the interface, one entry each; its script is loaded when it is first opened. `staticData` says how the shell
 * treats it: its name in the breadcrumb and the window's title, and, with `place`, its entry in the rail, the palette and the
 * keys ("g", then the letter). The rail keeps the order of this list.
 */
export const pages = root.addChildren([
  createRoute({
    getParentRoute,
    path: "/",
    staticData: { name: "Overview", place: { icon: "overview", key: "o" } },
    component: lazyRouteComponent(
      () => import("./views/overview/overview_view.tsx"),
      "OverviewView",
    ),
  }),
  createRoute({
    getParentRoute,
    path: "/hosts",
    validateSearch: HostsSearch,
    staticData: { name: "Hosts", place: { icon: "hosts", key: "h" } },
    component: lazyRouteComponent(() => import("./views/hosts/hosts_view.tsx"), "HostsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/hosts/$agent",
    validateSearch: HostSearch,
    staticData: { name: "Host" },
    component: lazyRouteComponent(() => import("./views/host/host_view.tsx"), "HostView"),
  }),
  createRoute({
    getParentRoute,
    path: "/explore",
    // The page reads its parameters itself (views/explore/explore_search.ts): their names are those of its queries.
    staticData: { name: "Explore", place: { icon: "explore", key: "e" } },
    component: lazyRouteComponent(() => import("./views/explore/explore_view.tsx"), "ExploreView"),
  }),
  createRoute({
    getParentRoute,
    // Links in alerts are Prometheus's (`g0.expr`), which Explore reads.
    path: "/graph",
    staticData: { name: "Explore" },
    component: lazyRouteComponent(() => import("./views/explore/explore_view.tsx"), "ExploreView"),
  }),
  createRoute({
    getParentRoute,
    path: "/explore/metrics",
    staticData: { name: "Metrics" },
    component: lazyRouteComponent(
      () => import("./views/explore/metrics/metrics_view.tsx"),
      "MetricsView",
    ),
  }),
  createRoute({
    getParentRoute,
    path: "/logs",
    validateSearch: LogsSearch,
    staticData: { name: "Logs", place: { icon: "logs", key: "l" } },
    component: lazyRouteComponent(() => import("./views/logs/logs_view.tsx"), "LogsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/logs/services",
    validateSearch: LogServicesSearch,
    staticData: { name: "By service" },
    component: lazyRouteComponent(
      () => import("./views/logs/services_view.tsx"),
      "LogServicesView",
    ),
  }),
  createRoute({
    getParentRoute,
    path: "/alerts",
    validateSearch: AlertsSearch,
    staticData: { name: "Alerts", place: { icon: "alerts", key: "r" } },
    component: lazyRouteComponent(() => import("./views/alerts/alerts_view.tsx"), "AlertsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/alerts/rule",
    validateSearch: RuleSearch,
    staticData: { name: "Rule", hasTime: false },
    component: lazyRouteComponent(() => import("./views/alerts/editor/rule_page.tsx"), "RulePage"),
  }),
  createRoute({
    getParentRoute,
    path: "/dashboards",
    validateSearch: DashboardsSearch,
    staticData: {
      name: "Dashboards",
      place: { icon: "dashboards", key: "d" },
      hasTime: false,
    },
    component: lazyRouteComponent(
      () => import("./views/dashboards/list/list_view.tsx"),
      "DashboardsView",
    ),
  }),
  createRoute({
    getParentRoute,
    path: "/dashboards/new",
    staticData: { name: "New dashboard" },
    component: lazyRouteComponent(
      () => import("./views/dashboards/dashboard_view.tsx"),
      "NewDashboardView",
    ),
  }),
  createRoute({
    getParentRoute,
    path: "/dashboards/$uid",
    staticData: { name: "Dashboard" },
    loader: ({ context, params }) =>
      prefetchDashboard(context.cache, context.dashboards, params.uid),
    component: lazyRouteComponent(
      () => import("./views/dashboards/dashboard_view.tsx"),
      "DashboardView",
    ),
  }),
  createRoute({
    getParentRoute,
    path: "/agents",
    validateSearch: AgentsSearch,
    staticData: { name: "Agents", place: { icon: "agents", key: "a" } },
    component: lazyRouteComponent(() => import("./views/agents/agents_view.tsx"), "AgentsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/agents/$agent",
    validateSearch: AgentSearch,
    staticData: { name: "Agent" },
    component: lazyRouteComponent(() => import("./views/agent/agent_view.tsx"), "AgentView"),
  }),
  createRoute({
    getParentRoute,
    path: "/data",
    validateSearch: DataSearch,
    staticData: { name: "Data", place: { icon: "data", key: "t" } },
    component: lazyRouteComponent(() => import("./views/data/data_view.tsx"), "DataView"),
  }),
]);
