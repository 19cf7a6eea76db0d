import { Hono } from "hono";
import { compressed } from "../../compressed.ts";
import { methodNotAllowed } from "#shared/runtime/method_not_allowed.ts";
import { alertingRoutes } from "./alerting_routes.ts";
import { type ExpressionParts, expressionRoutes } from "./expression_routes.ts";
import { type FederateParts, federateRoutes } from "./federate/routes.ts";
import { type MetadataParts, metadataRoutes } from "./metadata_routes.ts";
import { openapiRoutes } from "./openapi/routes.ts";
import { type QueryParts, queryRoutes } from "./query_routes.ts";
import { type RemoteReadParts, remoteReadRoutes } from "./remote_read/routes.ts";
import type { RulesView } from "../../../rules/rules_view.ts";
import { searchRoutes } from "./search/routes.ts";
import { type StatusParts, statusInfoRoutes, versionRoute } from "./status_routes.ts";
import { type TargetParts, targetRoutes } from "./target_routes.ts";

export type PrometheusParts = QueryParts &
  ExpressionParts &
  MetadataParts &
  StatusParts &
  TargetParts &
  RemoteReadParts &
  FederateParts & { readonly rules: () => RulesView };

/**
 * Prometheus's HTTP API under /api/v1 as Grafana, promtool and other clients use it, and beside it /federate and /version.
 * Everything it answers from is handed in. Answers are compressed when the client takes that.
 */
export function prometheusRoutes(parts: PrometheusParts): Hono {
  const api = new Hono();
  api.route("/", queryRoutes(parts));
  api.route("/", expressionRoutes(parts));
  api.route("/", metadataRoutes(parts));
  api.route("/", searchRoutes(parts));
  api.route("/", targetRoutes(parts));
  api.route("/", alertingRoutes(parts.rules));
  api.route("/", statusInfoRoutes(parts));
  api.route("/", remoteReadRoutes(parts));
  api.route("/", openapiRoutes(parts));
  const app = new Hono();
  for (const path of ["/api/v1/*", "/federate", "/version"]) {
    // As Prometheus does. What a browser asks before a request of another origin is answered before any route.
    app.use(path, async (c, next) => (c.req.method === "OPTIONS" ? c.body(null, 204) : next()));
    app.use(path, compressed);
  }
  app.route("/api/v1", api);
  app.route("/", federateRoutes(parts));
  app.route("/", versionRoute(parts));
  const refuse = methodNotAllowed(app);
  for (const path of ["/api/v1/*", "/federate", "/version"]) app.all(path, refuse);
  return app;
}
