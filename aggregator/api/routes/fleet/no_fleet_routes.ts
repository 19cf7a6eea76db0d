import { Hono } from "hono";

const paths = ["agents", "configurations", "releases", "enrolments"];

/** Where agent and aggregator are one process there is no fleet: lists of it are null, so that who asks need not fail to learn it. */
export function noFleetRoutes(): Hono {
  const app = new Hono();
  for (const path of paths) app.get(`/api/v1/fleet/${path}`, (c) => c.json(null));
  return app;
}
