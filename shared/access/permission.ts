/**
 * What a caller needs to use a route or RPC. Nothing checks callers yet: without access control everybody who reaches the port has all
 * permissions. "public" needs none, with access control either.
 */
export type Permission =
  | "public"
  | "metrics:read"
  | "metrics:write"
  | "metrics:delete"
  | "logs:read"
  | "logs:write"
  | "logs:delete"
  | "sql:read"
  | "rules:read"
  | "rules:write"
  | "alerts:read"
  | "alerts:write"
  | "silences:write"
  | "dashboards:read"
  | "dashboards:write"
  | "annotations:write"
  | "queries:read"
  | "queries:write"
  | "events:read"
  | "agents:read"
  | "agents:enroll"
  | "fleet:read"
  | "fleet:write"
  | "storage:read"
  | "storage:write"
  | "probes:run"
  | "configuration:read"
  | "process:read"
  | "process:write";
