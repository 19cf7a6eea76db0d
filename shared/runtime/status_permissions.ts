import type { RouteTable } from "../access/route_table.ts";

/** What a caller needs for the routes that every role answers (statusRoutes). */
export const statusPermissions = {
  "GET /-/healthy": "public",
  "POST|PUT /-/quit": "process:write",
  "GET /-/ready": "public",
  "POST|PUT /-/reload": "process:write",
  "GET /metrics": "process:read",
} as const satisfies RouteTable;
