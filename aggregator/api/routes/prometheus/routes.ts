import { Hono } from "hono";
import { compress } from "hono/compress";
import { type MetadataParts, metadataRoutes } from "./metadata_routes.ts";
import { type QueryParts, queryRoutes } from "./query_routes.ts";
import { type StatusParts, statusInfoRoutes } from "./status_routes.ts";

/**
 * Prometheus's HTTP API under /api/v1 as Grafana, promtool and other clients use it. Everything it answers from is handed
 * in. Answers are compressed when the client takes that.
 */
export function prometheusRoutes(parts: QueryParts & MetadataParts & StatusParts): Hono {
  const app = new Hono().basePath("/api/v1");
  app.use("*", compress());
  app.route("/", queryRoutes(parts));
  app.route("/", metadataRoutes(parts));
  app.route("/", statusInfoRoutes(parts));
  return app;
}
