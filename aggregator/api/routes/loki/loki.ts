import { Hono } from "hono";
import { type LokiParts, refusal } from "./context.ts";
import { exploreRoutes } from "./explore_routes.ts";
import { indexRoutes } from "./index_routes.ts";
import { queryRoutes } from "./query_routes.ts";
import { rulesRoutes } from "./rules_routes.ts";
import { seriesRoutes } from "./series_routes.ts";
import { statusRoutes } from "./status_routes.ts";
import { tailRoutes } from "./tail_routes.ts";

/** Loki's read API. Errors are plain text, as its clients expect; what is pushed is taken by agents. */
export function lokiRoutes(parts: LokiParts): Hono {
  const app = new Hono();
  queryRoutes(app, parts);
  seriesRoutes(app, parts);
  indexRoutes(app, parts);
  exploreRoutes(app, parts);
  statusRoutes(app, parts);
  rulesRoutes(app, parts);
  tailRoutes(app, parts);
  app.onError((thrown) => refusal(thrown));
  return app;
}
