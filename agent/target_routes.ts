import { Hono } from "hono";
import type { TargetReport } from "./collect/scrape/target.ts";

/** GET /targets: what is scraped, how it is, and why not, as JSON. Credentials are never in a report. */
export function targetRoutes(targets: () => readonly TargetReport[]): Hono {
  return new Hono().get("/targets", (c) => c.json({ targets: targets() }));
}
