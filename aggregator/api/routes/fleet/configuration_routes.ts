import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Agents } from "#aggregator/fleet/agents.ts";
import { Audience } from "#aggregator/fleet/configuration/audience.ts";
import {
  type CheckDocument,
  configurationKind,
  putConfiguration,
  readConfiguration,
} from "#aggregator/fleet/configuration/configurations.ts";
import {
  agentDifference,
  differenceOf,
  readFleetView,
} from "#aggregator/fleet/configuration/fleet_view.ts";
import { WrittenPlan } from "#aggregator/fleet/rollout/plan.ts";
import {
  type RolloutCommand,
  type Transactions,
  commandRollout,
  createRollout,
  listRollouts,
  rolloutAgents,
} from "#aggregator/fleet/rollout/rollouts.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { failure, httpActor, limitedBody, refusalOfChange } from "./changes.ts";

export type ConfigurationRoutesParts = {
  readonly catalog: Transactions;
  readonly tenant: string;
  readonly agents: Agents;
  readonly checkDocument: CheckDocument;
  /** Whether configurations may be changed over HTTP: whoever reaches the port may, as there is no login yet. */
  readonly mayChange: boolean;
  readonly clock: Clock;
};

const bodyBytesMax = 1_048_576;
const base = "/api/v1/fleet";
const commands: readonly RolloutCommand[] = ["pause", "resume", "rollback"];

const Put = z.strictObject({
  text: z.string(),
  audience: Audience.prefault({}),
  priority: z.number().int().default(0),
});
const Start = z.strictObject({ revision: z.string().optional(), plan: z.unknown().optional() });

/** What agents are to collect, who runs it, and how rollouts go: JSON; errors are `{error}`. */
export function configurationRoutes(parts: ConfigurationRoutesParts): Hono {
  const { catalog, tenant, agents } = parts;
  const app = new Hono();
  const view = () =>
    readFleetView(catalog, tenant, {
      agents: agents.list(tenant),
      isLive: (agent) => agents.isLive(agent),
    });
  app.get(`${base}/agents`, async (c) => c.json({ agents: (await view()).agents }));
  app.get(`${base}/agents/:agent/diff`, async (c) => {
    const asked = c.req.param("agent");
    const found = (await view()).agents.find(
      ({ agent, name }) => agent === asked || name === asked,
    );
    if (found === undefined) return c.json({ error: `there is no agent "${asked}"` }, 404);
    return c.text(await agentDifference(catalog, tenant, found));
  });
  app.get(`${base}/configurations`, async (c) => {
    const { configurations, rollouts } = await view();
    return c.json({ configurations, rollouts: rollouts.map(({ rollout }) => rollout) });
  });
  const one = `${base}/configurations/:name`;
  app.get(one, async (c) => {
    const revision = c.req.query("revision");
    return c.json(
      await readConfiguration(catalog, { tenant, name: c.req.param("name"), revision }),
    );
  });
  app.get(`${one}/diff`, async (c) => {
    const [name, from] = [c.req.param("name"), c.req.query("from")];
    const read = (revision: string | undefined) =>
      readConfiguration(catalog, { tenant, name, revision });
    const before = from === undefined ? undefined : await read(from);
    return c.text(differenceOf(before, await read(c.req.query("to"))));
  });
  app.get(`${one}/rollouts`, async (c) => {
    const release = { tenant, kind: configurationKind, name: c.req.param("name") };
    const rollouts = await listRollouts(catalog, release);
    const newest = rollouts[0] === undefined ? [] : await rolloutAgents(catalog, rollouts[0].id);
    return c.json({ rollouts, agents: newest });
  });
  app.route("/", changingRoutes(parts));
  app.onError(failure);
  return app;
}

function changingRoutes({
  catalog,
  tenant,
  checkDocument,
  mayChange,
  clock,
}: ConfigurationRoutesParts): Hono {
  const app = new Hono();
  const one = `${base}/configurations/:name`;
  const by = () => ({ actor: httpActor, nowMs: clock.now() });
  const guard = (c: Context) => refusalOfChange(c, mayChange, "lapwing fleet config");
  const limit = limitedBody(bodyBytesMax);
  app.put(one, limit, async (c) => {
    const refused = guard(c);
    if (refused !== undefined) return refused;
    const name = c.req.param("name");
    const { text, audience, priority } = Put.parse(await c.req.json());
    const { programs } = await checkDocument(name, text);
    const made = { tenant, name, text, audience, priority };
    const { configuration, isNew } = await putConfiguration(catalog, made, by());
    return c.json({ ...configuration, programs }, isNew ? 201 : 200);
  });
  app.post(`${one}/rollouts`, limit, async (c) => {
    const refused = guard(c);
    if (refused !== undefined) return refused;
    const { revision, plan = {} } = Start.parse(await c.req.json());
    const name = c.req.param("name");
    const found = await readConfiguration(catalog, { tenant, name, revision });
    const release = { tenant, kind: configurationKind, name, revision: found.revision };
    // As written: it is read again, and all mistakes told, where the rollout is made.
    const written = z.custom<z.input<typeof WrittenPlan>>().parse(plan);
    return c.json(await createRollout(catalog, release, written, by()), 201);
  });
  for (const command of commands)
    app.post(`${one}/${command}`, async (c) => {
      const refused = guard(c);
      if (refused !== undefined) return refused;
      const release = { tenant, kind: configurationKind, name: c.req.param("name") };
      return c.json(await commandRollout(catalog, release, command, by()));
    });
  return app;
}
