import { Hono } from "hono";
import type { HostRing } from "./host_ring.ts";
import type { AgentStatus } from "./status.ts";

/** So often a page that is looked at asks again. */
const refreshSeconds = 15;

/**
 * How the agent is, for people on its host; needs no aggregator, changes nothing and holds no secrets. GET /agent: a page, whose code is loaded by who looks first;
 * `hold` keeps it as it is. GET /agent/status: what `lapwing agent status` prints, as JSON.
 */
export function localRoutes(status: () => Promise<AgentStatus>, ring: HostRing): Hono {
  return new Hono()
    .get("/agent", async (c) => {
      const { pageHeaders, statusPage } = await import("./page.ts");
      const isHeld = c.req.query("hold") !== undefined;
      const refresh = isHeld ? {} : { refresh: String(refreshSeconds) };
      const page = await statusPage(await status(), ring, isHeld);
      return c.body(page, 200, { ...pageHeaders, ...refresh });
    })
    .get("/agent/status", async (c) =>
      c.json(await status(), 200, { "cache-control": "no-store" }),
    );
}
