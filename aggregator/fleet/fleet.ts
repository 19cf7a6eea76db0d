import { Hono } from "hono";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { enrolmentRoutes } from "../api/routes/fleet/enrolment_routes.ts";
import { renewalRoutes } from "../api/routes/fleet/renewal_routes.ts";
import type { AggregatorConfig } from "../config.ts";
import type { Catalog } from "../store/catalog.ts";
import { Enroller } from "./enroller.ts";
import { FleetLink } from "./fleet_link.ts";
import { readOperatorKeys } from "./operator_keys.ts";
import { Renewer } from "./renewer.ts";

export type FleetParts = {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};

/** What an aggregator does for agents with credentials of their own. */
export type Fleet = {
  readonly routes: Hono;
  start(): void;
  close(): Promise<void>;
};

/** undefined where no keys are given: then nobody is enrolled. Throws OperatingError where they can't be read. */
export async function openFleet(
  { fleet, nats }: AggregatorConfig,
  { catalog, clock, log, metrics }: FleetParts,
): Promise<Fleet | undefined> {
  const { keys: folder, credentials_ttl: ttlMs, credentials_grace: graceMs } = fleet;
  if (folder === undefined) return undefined;
  const keys = () => readOperatorKeys(folder);
  await keys();
  const link = new FleetLink(nats, { catalog, keys, graceMs, clock, log });
  const shared = { catalog, keys, ttlMs, clock, log, metrics };
  const renewer = new Renewer({ ...shared, graceMs, onReplaced: () => link.wake() });
  const enroller = new Enroller({ ...shared, servers: fleet.agent_servers ?? nats.servers });
  return {
    routes: new Hono().route("/", enrolmentRoutes(enroller)).route("/", renewalRoutes(renewer)),
    start: () => link.start(renewer),
    close: () => link.close(),
  };
}
