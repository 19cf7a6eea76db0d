import { Hono } from "hono";
import {
  type RolloutCommand,
  type Transactions,
  commandRollout,
  listRollouts,
  rolloutAgents,
} from "#aggregator/fleet/rollout/rollouts.ts";
import { binaryKind, binaryName } from "#aggregator/fleet/updates/agent_binary.ts";
import { listReleases } from "#aggregator/fleet/updates/releases.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { failure, httpActor, refusalOfChange } from "./changes.ts";

export type ReleaseRoutesParts = {
  readonly catalog: Transactions;
  readonly tenant: string;
  /** Whether rollouts may be stopped and taken back over HTTP. */
  readonly mayChange: boolean;
  readonly clock: Clock;
};

const base = "/api/v1/fleet/releases";
const commands: readonly RolloutCommand[] = ["pause", "resume", "rollback"];

/** Releases of the agents' program and their rollouts: JSON; errors are `{error}`. They are signed and published on the command line alone. */
export function releaseRoutes({ catalog, tenant, mayChange, clock }: ReleaseRoutesParts): Hono {
  const release = { tenant, kind: binaryKind, name: binaryName };
  const app = new Hono();
  app.get(base, async (c) => {
    const releases = await listReleases(catalog, tenant);
    const rollouts = await listRollouts(catalog, release);
    const newest = rollouts[0] === undefined ? [] : await rolloutAgents(catalog, rollouts[0].id);
    return c.json({
      releases: releases.map(({ revision, version, sequence, publishedMs, actor }) => ({
        revision,
        version,
        sequence,
        publishedMs,
        actor,
      })),
      rollouts,
      agents: newest,
    });
  });
  for (const command of commands)
    app.post(`${base}/${command}`, async (c) => {
      const refused = refusalOfChange(c, mayChange, `lapwing fleet release ${command}`);
      if (refused !== undefined) return refused;
      const by = { actor: httpActor, nowMs: clock.now() };
      return c.json(await commandRollout(catalog, release, command, by));
    });
  app.onError(failure);
  return app;
}
