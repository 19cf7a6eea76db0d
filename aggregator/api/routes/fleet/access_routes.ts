import { Hono } from "hono";
import { z } from "zod";
import { enrolledAgents, revokeAgent } from "#aggregator/fleet/enrolments.ts";
import {
  createToken,
  listTokens,
  revokeToken,
  takeApart,
  tokenLimits,
} from "#aggregator/fleet/tokens.ts";
import type { Transactions } from "#aggregator/fleet/rollout/rollouts.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { duration } from "#shared/text/duration.ts";
import { failure, httpActor, limitedBody, refusalOfChange } from "./changes.ts";

export type AccessRoutesParts = {
  readonly catalog: Transactions;
  readonly tenant: string;
  /** How agents reach NATS. */
  readonly servers: readonly string[];
  /** Whether hosts can enrol: without keys there is nothing to sign with. */
  readonly canEnrol: boolean;
  /** Whether tokens may be made, and agents revoked, over HTTP: whoever reaches the port may, as there is no login yet. */
  readonly mayChange: boolean;
  /** Called when there are keys that nats-server must hear of. */
  readonly onRevoked: () => void;
  readonly clock: Clock;
};

const base = "/api/v1/fleet";
const bodyBytesMax = 65_536;
const labelsMax = 30;

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const Create = z.strictObject({
  ttl: duration.refine(
    (ms) => ms > 0 && ms <= tokenLimits.ttlMaxMs,
    "expected 1ms to 1y, such as 1h",
  ),
  uses: z.number().int().min(1).max(tokenLimits.usesMax),
  labels: z
    .record(z.string(), z.string().max(1_024))
    // Not in the record's own keys: of those it tells that one is wrong, and not what it expected.
    .refine(
      (labels) => Object.keys(labels).every((name) => labelName.test(name)),
      "expected names of letters, digits and _, such as site",
    )
    .refine((labels) => Object.keys(labels).length <= labelsMax, `expected ${labelsMax} at most`)
    .default({}),
});

/** Who may send: enrolment tokens and enrolled agents. JSON; errors are `{error}`. */
export function accessRoutes(parts: AccessRoutesParts): Hono {
  const { catalog, tenant, servers, canEnrol, mayChange } = parts;
  const app = new Hono();
  app.get(`${base}/enrolments`, async (c) => {
    const tokens = await listTokens(catalog, tenant);
    return c.json({
      can_enrol: canEnrol,
      may_change: mayChange,
      servers,
      tokens: tokens.map(({ hash: _hash, ...token }) => token),
      agents: await enrolledAgents(catalog, tenant),
    });
  });
  app.route("/", changingRoutes(parts));
  app.onError(failure);
  return app;
}

function changingRoutes(parts: AccessRoutesParts): Hono {
  const { catalog, tenant, canEnrol, mayChange, onRevoked, clock } = parts;
  const app = new Hono();
  const by = () => ({ actor: httpActor, nowMs: clock.now() });
  app.post(`${base}/tokens`, limitedBody(bodyBytesMax), async (c) => {
    const refused = refusalOfChange(c, mayChange, "lapwing fleet token create");
    if (refused !== undefined) return refused;
    if (!canEnrol)
      return c.json({ error: "fleet.keys is not set: there is nothing to enrol hosts with" }, 400);
    const { ttl: ttlMs, uses: usesMax, labels } = Create.parse(await c.req.json());
    const made = by();
    const token = await createToken(catalog, { tenant, labels, ttlMs, usesMax }, made);
    // The secret is told this once, and must lie in no cache.
    c.header("cache-control", "no-store");
    return c.json({ token, id: takeApart(token).id, expiresMs: made.nowMs + ttlMs, usesMax }, 201);
  });
  app.post(`${base}/tokens/:id/revoke`, async (c) => {
    const refused = refusalOfChange(c, mayChange, "lapwing fleet token revoke");
    if (refused !== undefined) return refused;
    const asked = c.req.param("id");
    // Who has only the whole token may give that; its secret comes back in no answer.
    const id = takeApart(asked).id || asked;
    if (await revokeToken(catalog, { tenant, id }, by())) return c.json({ id });
    return c.json({ error: `there is no token "${id}" in force` }, 404);
  });
  app.post(`${base}/agents/:agent/revoke`, async (c) => {
    const refused = refusalOfChange(c, mayChange, "lapwing fleet revoke");
    if (refused !== undefined) return refused;
    const agent = c.req.param("agent");
    if (!(await revokeAgent(catalog, { tenant, agent }, by())))
      return c.json({ error: `there is no enrolled agent "${agent}"` }, 404);
    onRevoked();
    return c.json({ agent });
  });
  return app;
}
