import { Hono } from "hono";
import { resolutionRoutes } from "./adaptive/resolution_routes.ts";
import { collectionRoutes } from "./collection_routes.ts";
import { localRoutes } from "./local/local_routes.ts";
import { probeRoutes } from "./probes/probe_routes.ts";

export type AgentRoutesParts = {
  readonly collection: Parameters<typeof collectionRoutes>;
  readonly probes: Parameters<typeof probeRoutes>;
  readonly local: Parameters<typeof localRoutes>;
  readonly resolution: Parameters<typeof resolutionRoutes>;
  /** Of receivers. */
  readonly pushed: Hono;
};

/** Everything that an agent answers over HTTP. */
export function agentRoutes(parts: AgentRoutesParts): Hono {
  return new Hono()
    .route("/", collectionRoutes(...parts.collection))
    .route("/", probeRoutes(...parts.probes))
    .route("/", localRoutes(...parts.local))
    .route("/", resolutionRoutes(...parts.resolution))
    .route("/", parts.pushed);
}
