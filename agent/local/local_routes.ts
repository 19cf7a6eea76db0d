import { Hono } from "hono";
import type { AgentStatus } from "./status.ts";

/** GET /agent/status: what `lapwing agent status` prints, as JSON. Needs no aggregator, and holds no secrets. */
export function localRoutes(status: () => Promise<AgentStatus>): Hono {
  return new Hono().get("/agent/status", async (c) =>
    c.json(await status(), 200, { "cache-control": "no-store" }),
  );
}
