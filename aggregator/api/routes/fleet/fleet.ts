import { Hono } from "hono";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { enrolmentRoutes } from "./enrolment_routes.ts";
import { renewalRoutes } from "./renewal_routes.ts";
import type { AggregatorConfig } from "../../../config/config.ts";
import type { Catalog } from "../../../catalog/catalog.ts";
import { Enroller } from "../../../fleet/enroller.ts";
import { FleetLink } from "../../../fleet/fleet_link.ts";
import { keysReader } from "../../../fleet/operator_keys.ts";
import { Renewer } from "../../../fleet/renewer.ts";
import { AgentBinary } from "../../../fleet/updates/agent_binary.ts";
import { ReleaseServer } from "../../../fleet/updates/release_server.ts";
import { ReleaseFiles, releasesFolder } from "../../../fleet/updates/releases.ts";

export type FleetParts = {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly clock: Clock;
  readonly isClockTrusted: () => boolean;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};

/** What an aggregator does for agents with credentials of their own. */
export type Fleet = {
  readonly routes: Hono;
  /** The agents' own program, for the engine of rollouts. */
  readonly binary: AgentBinary;
  /** There are keys in the catalog that nats-server must let in no more: it is told at once. */
  revoke(): void;
  start(): void;
  close(): Promise<void>;
};

/** undefined where no keys are given: then nobody is enrolled. Throws OperatingError where they can't be read. */
export async function openFleet(
  { fleet, nats, tenant, data_dir: dataDir }: AggregatorConfig,
  { catalog, clock, isClockTrusted, log, metrics }: FleetParts,
): Promise<Fleet | undefined> {
  const { keys: folder, credentials_ttl: ttlMs, credentials_grace: graceMs } = fleet;
  if (folder === undefined) return undefined;
  const keys = keysReader(folder);
  await keys();
  const binary = new AgentBinary();
  const files = new ReleaseFiles(releasesFolder(dataDir));
  const rateMax = fleet.release_rate_max;
  const served = { catalog, tenant, files, binary, rateMax, clock, log };
  const releases = new ReleaseServer(served);
  const linked = { catalog, keys, graceMs, clock, isClockTrusted, log, releases };
  const link = new FleetLink(nats, linked);
  const shared = { catalog, keys, ttlMs, clock, log, metrics };
  const renewer = new Renewer({ ...shared, graceMs, onReplaced: () => link.wake() });
  const enroller = new Enroller({
    ...shared,
    servers: fleet.agent_servers ?? nats.servers,
    releaseKeys: fleet.release_keys,
  });
  return {
    routes: new Hono().route("/", enrolmentRoutes(enroller)).route("/", renewalRoutes(renewer)),
    binary,
    revoke: () => link.wake(),
    start: () => link.start(renewer),
    close: () => link.close(),
  };
}
