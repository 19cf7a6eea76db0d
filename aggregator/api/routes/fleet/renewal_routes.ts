import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Renewer } from "#aggregator/fleet/renewer.ts";
import { type RenewalRefusal, renewalPath } from "#proto/fleet/renewal.ts";

const bodyBytesMax = 4_096;

const statuses: Readonly<Record<RenewalRefusal, 400 | 401 | 403 | 409 | 503>> = {
  malformed: 400,
  bad_signature: 401,
  unknown_key: 401,
  revoked_key: 403,
  expired_key: 403,
  known_key: 409,
  unavailable: 503,
};

/** Exchanges the key of an agent that NATS lets in no more, because its credentials ran out while it was away. */
export function renewalRoutes(renewer: Renewer): Hono {
  const app = new Hono();
  app.post(renewalPath, bodyLimit({ maxSize: bodyBytesMax }), async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    const answer = await renewer.answer(body);
    c.header("cache-control", "no-store");
    return c.json(answer, "refused" in answer ? statuses[answer.refused] : 200);
  });
  return app;
}
