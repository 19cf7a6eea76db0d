import { Hono } from "hono";
import type { TargetReport } from "./collect/target_report.ts";
import type { InstanceReport } from "./integrations/report.ts";

/**
 * GET /targets: what is scraped or asked, how it is, and why not. GET /integrations: services of this host that are named or were found, how they are
 * watched, and what they need. JSON; credentials are in neither.
 */
export function collectionRoutes(
  targets: () => readonly TargetReport[],
  integrations: () => readonly InstanceReport[],
): Hono {
  return new Hono()
    .get("/targets", (c) => c.json({ targets: targets() }))
    .get("/integrations", (c) => c.json({ integrations: integrations() }));
}
