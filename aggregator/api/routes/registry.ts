import type { DescService } from "@bufbuild/protobuf";
import { DashboardService } from "#proto/gen/v1/dashboard_pb.js";
import { DataService } from "#proto/gen/v1/data_pb.js";
import { EventService } from "#proto/gen/v1/events_pb.js";
import { QueryService } from "#proto/gen/v1/query_pb.js";
import type { Permission } from "#shared/access/permission.ts";
import type { MiddlewarePaths, RouteTable } from "#shared/access/route_table.ts";

/**
 * What a caller needs for each HTTP route of an aggregator. Enrolment and renewal are public: an agent shows a token or its key in the
 * request. The interface's own files are public as well.
 */
const httpPermissions = {
  "GET /": "public",
  "GET /*": "public",
  "POST|PUT /-/flush": "storage:write",
  "GET /alertmanager/api/v2/alerts": "alerts:read",
  "POST /alertmanager/api/v2/alerts": "alerts:write",
  "GET /alertmanager/api/v2/alerts/groups": "alerts:read",
  "GET /alertmanager/api/v2/receivers": "alerts:read",
  "DELETE /alertmanager/api/v2/silence/:id": "silences:write",
  "GET /alertmanager/api/v2/silence/:id": "alerts:read",
  "GET /alertmanager/api/v2/silences": "alerts:read",
  "POST /alertmanager/api/v2/silences": "silences:write",
  "GET /alertmanager/api/v2/status": "configuration:read",
  "POST /api/dashboards/db": "dashboards:write",
  "DELETE /api/dashboards/uid/:uid": "dashboards:write",
  "GET /api/dashboards/uid/:uid": "dashboards:read",
  "GET /api/docs": "public",
  "GET /api/docs/openapi.json": "public",
  "GET /api/prom/rules": "rules:read",
  "GET /api/prom/rules/:namespace": "rules:read",
  "GET /api/prom/rules/:namespace/:group": "rules:read",
  "GET /api/search": "dashboards:read",
  "POST|PUT /api/v1/admin/tsdb/clean_tombstones": "metrics:delete",
  "POST|PUT /api/v1/admin/tsdb/delete_series": "metrics:delete",
  "POST|PUT /api/v1/admin/tsdb/snapshot": "storage:write",
  "POST /api/v1/agents/:agent/resolution": "agents:read",
  "GET /api/v1/alertmanagers": "rules:read",
  "GET /api/v1/alerts": "rules:read",
  "GET /api/v1/dashboards": "dashboards:read",
  "DELETE|PUT /api/v1/dashboards/:uid": "dashboards:write",
  "GET /api/v1/dashboards/:uid": "dashboards:read",
  "GET /api/v1/features": "public",
  "GET /api/v1/fleet/agents": "fleet:read",
  "GET /api/v1/fleet/configurations": "fleet:read",
  "GET /api/v1/fleet/enrolments": "fleet:read",
  "GET /api/v1/fleet/agents/:agent/diff": "fleet:read",
  "GET /api/v1/fleet/configurations/:name": "fleet:read",
  "GET /api/v1/fleet/configurations/:name/diff": "fleet:read",
  "GET /api/v1/fleet/configurations/:name/rollouts": "fleet:read",
  "PUT /api/v1/fleet/configurations/:name": "fleet:write",
  "POST /api/v1/fleet/configurations/:name/rollouts": "fleet:write",
  "POST /api/v1/fleet/configurations/:name/pause": "fleet:write",
  "POST /api/v1/fleet/configurations/:name/resume": "fleet:write",
  "POST /api/v1/fleet/configurations/:name/rollback": "fleet:write",
  "POST /api/v1/fleet/tokens": "fleet:write",
  "POST /api/v1/fleet/tokens/:id/revoke": "fleet:write",
  "POST /api/v1/fleet/agents/:agent/revoke": "fleet:write",
  "POST /api/v1/fleet/releases/pause": "fleet:write",
  "POST /api/v1/fleet/releases/resume": "fleet:write",
  "POST /api/v1/fleet/releases/rollback": "fleet:write",
  "POST /api/v1/fleet/enroll": "public",
  "POST /api/v1/fleet/renew": "public",
  "GET /api/v1/fleet/releases": "fleet:read",
  "GET|POST /api/v1/format_query": "public",
  "GET /api/v1/label/:name/values": "metrics:read",
  "GET|POST /api/v1/labels": "metrics:read",
  "GET /api/v1/metadata": "metrics:read",
  "GET /api/v1/monitoring/logs": "logs:read",
  "GET /api/v1/monitoring/logs/context": "logs:read",
  "GET /api/v1/monitoring/logs/difference": "logs:read",
  "GET /api/v1/monitoring/logs/facets": "logs:read",
  "GET /api/v1/monitoring/logs/stream": "logs:read",
  "GET /api/v1/monitoring/metrics": "metrics:read",
  "GET /api/v1/monitoring/notifications": "alerts:read",
  "GET /api/v1/notifications": "process:read",
  "GET /api/v1/notifications/live": "process:read",
  "GET /api/v1/openapi.yaml": "public",
  "GET|POST /api/v1/parse_query": "public",
  "GET|POST /api/v1/query": "metrics:read",
  "GET|POST /api/v1/query_exemplars": "metrics:read",
  "GET|POST /api/v1/query_range": "metrics:read",
  "POST /api/v1/read": "metrics:read",
  "GET /api/v1/rules": "rules:read",
  "GET /api/v1/scrape_pools": "agents:read",
  "GET /api/v1/scrape_pools/config": "agents:read",
  "GET|POST /api/v1/search/label_names": "metrics:read",
  "GET|POST /api/v1/search/label_values": "metrics:read",
  "GET|POST /api/v1/search/metric_names": "metrics:read",
  "GET|POST /api/v1/series": "metrics:read",
  "GET /api/v1/status/buildinfo": "public",
  "GET /api/v1/status/config": "configuration:read",
  "GET /api/v1/status/flags": "process:read",
  "GET /api/v1/status/runtimeinfo": "process:read",
  "GET /api/v1/status/self_metrics": "process:read",
  "GET /api/v1/status/tsdb": "metrics:read",
  "GET /api/v1/status/tsdb/blocks": "metrics:read",
  "GET /api/v1/status/walreplay": "process:read",
  "GET /api/v1/targets": "agents:read",
  "GET /api/v1/targets/metadata": "agents:read",
  "GET /api/v1/targets/relabel_steps": "agents:read",
  "GET /api/v2/alerts": "alerts:read",
  "POST /api/v2/alerts": "alerts:write",
  "GET /api/v2/alerts/groups": "alerts:read",
  "GET /api/v2/receivers": "alerts:read",
  "DELETE /api/v2/silence/:id": "silences:write",
  "GET /api/v2/silence/:id": "alerts:read",
  "GET /api/v2/silences": "alerts:read",
  "POST /api/v2/silences": "silences:write",
  "GET /api/v2/status": "configuration:read",
  "GET /config": "configuration:read",
  "GET /federate": "metrics:read",
  "POST|PUT /flush": "storage:write",
  "DELETE|POST|PUT /loki/api/v1/delete": "logs:delete",
  "GET /loki/api/v1/delete": "logs:read",
  "GET|POST /loki/api/v1/detected_field/:name/values": "logs:read",
  "GET|POST /loki/api/v1/detected_fields": "logs:read",
  "GET|POST /loki/api/v1/detected_labels": "logs:read",
  "GET /loki/api/v1/drilldown-limits": "public",
  "GET|POST /loki/api/v1/format_query": "public",
  "GET|POST /loki/api/v1/index/stats": "logs:read",
  "GET|POST /loki/api/v1/index/volume": "logs:read",
  "GET|POST /loki/api/v1/index/volume_range": "logs:read",
  "GET|POST /loki/api/v1/label": "logs:read",
  "GET|POST /loki/api/v1/label/:name/values": "logs:read",
  "GET|POST /loki/api/v1/labels": "logs:read",
  "GET|POST /loki/api/v1/patterns": "logs:read",
  "GET|POST /loki/api/v1/query": "logs:read",
  "GET|POST /loki/api/v1/query_range": "logs:read",
  "GET /loki/api/v1/rules": "rules:read",
  "GET /loki/api/v1/rules/:namespace": "rules:read",
  "GET /loki/api/v1/rules/:namespace/:group": "rules:read",
  "GET|POST /loki/api/v1/series": "logs:read",
  "GET /loki/api/v1/status/buildinfo": "public",
  "GET /loki/api/v1/tail": "logs:read",
  "ANY /loki/api/v2alpha/tail": "public",
  "GET /prometheus/api/v1/alerts": "rules:read",
  "GET /prometheus/api/v1/rules": "rules:read",
  "GET /ready": "public",
  "GET /version": "public",
} as const satisfies RouteTable;

type MethodsOf<Service extends DescService> = Readonly<Record<keyof Service["method"], Permission>>;

const queryPermissions: MethodsOf<typeof QueryService> = {
  listAgents: "agents:read",
  getLossAccount: "agents:read",
  listSeriesLimits: "agents:read",
  queryPromql: "metrics:read",
  queryLogql: "logs:read",
  querySql: "sql:read",
};
const dashboardPermissions: MethodsOf<typeof DashboardService> = {
  listDashboards: "dashboards:read",
  getDashboard: "dashboards:read",
  saveDashboard: "dashboards:write",
  deleteDashboard: "dashboards:write",
  listDashboardVersions: "dashboards:read",
  starDashboard: "dashboards:read",
  listAnnotations: "dashboards:read",
  saveAnnotation: "annotations:write",
  deleteAnnotation: "annotations:write",
  listSavedQueries: "queries:read",
  saveQuery: "queries:write",
  deleteQuery: "queries:write",
};
const dataPermissions: MethodsOf<typeof DataService> = {
  getStorage: "storage:read",
  listBlocks: "storage:read",
  getCardinality: "metrics:read",
};
const eventPermissions: MethodsOf<typeof EventService> = { listEvents: "events:read" };

/** RPCs as routes: Connect answers "/package.Service/Method". */
function rpcTable<Service extends DescService>(
  service: Service,
  permissions: MethodsOf<Service>,
): RouteTable {
  const named: Readonly<Record<string, Permission>> = permissions;
  return Object.fromEntries(
    service.methods.flatMap(({ localName, name }) => {
      const permission = named[localName];
      return permission === undefined ? [] : [[`ANY /${service.typeName}/${name}`, permission]];
    }),
  );
}

/** The one list of an aggregator's routes and RPCs with the permission that each needs; checkRoutes() refuses a server with another route. */
export const aggregatorRoutePermissions: RouteTable = {
  ...httpPermissions,
  ...rpcTable(QueryService, queryPermissions),
  ...rpcTable(DashboardService, dashboardPermissions),
  ...rpcTable(DataService, dataPermissions),
  ...rpcTable(EventService, eventPermissions),
};

/** Compression, refusals of other methods, limits of memory. */
export const aggregatorMiddleware: MiddlewarePaths = ["/*", "/api/v1/*"];
