import { Hono } from "hono";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { accessRoutes } from "./access_routes.ts";
import { configurationRoutes } from "./configuration_routes.ts";
import { releaseRoutes } from "./release_routes.ts";
import type { AggregatorConfig } from "../../../config/config.ts";
import type { Catalog } from "../../../catalog/catalog.ts";
import type { Agents } from "../../../fleet/agents.ts";
import { ConfigurationKind } from "../../../fleet/configuration/configuration_kind.ts";
import type { CheckDocument } from "../../../fleet/configuration/configurations.ts";
import { NatsBoard } from "../../../fleet/configuration/nats_board.ts";
import { RolloutEngine } from "../../../fleet/rollout/rollout_engine.ts";
import type { RolloutKind } from "../../../fleet/rollout/rollout_kind.ts";

export type RolloutsParts = {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly agents: Agents;
  /** Whether heartbeats can reach this process. */
  readonly isConnected: () => boolean;
  /** Finds the mistakes of a configuration of agents, which an aggregator does not know itself. */
  readonly checkDocument: CheckDocument;
  /** What is rolled out besides configurations. */
  readonly more: readonly RolloutKind[];
  /** Agents were revoked in the catalog; undefined where none are enrolled. */
  readonly onRevoked: (() => void) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
};

/** What an aggregator does for releases that go to agents by stages. */
export type Rollouts = {
  readonly routes: Hono;
  start(): void;
  close(): Promise<void>;
};

/** For agents that are reached over NATS. */
export function openRollouts(
  { tenant, nats, streams, fleet }: AggregatorConfig,
  { catalog, agents, isConnected, checkDocument, more, onRevoked, clock, log }: RolloutsParts,
): Rollouts {
  const shared = { catalog, tenant, agents, clock, log };
  const board = new NatsBoard(nats, { tenant, replicas: streams.replicas, clock, log });
  const kinds = [new ConfigurationKind({ ...shared, board }), ...more];
  const engine = new RolloutEngine({ ...shared, kinds, isConnected });
  const { http_changes: mayChange } = fleet;
  return {
    routes: new Hono()
      .route("/", configurationRoutes({ ...shared, checkDocument, mayChange }))
      .route("/", releaseRoutes({ ...shared, mayChange }))
      .route(
        "/",
        accessRoutes({
          ...shared,
          mayChange,
          servers: fleet.agent_servers ?? nats.servers,
          canEnrol: onRevoked !== undefined,
          onRevoked: () => onRevoked?.(),
        }),
      ),
    start: () => {
      board.start();
      engine.start();
    },
    close: async () => {
      await engine.close();
      await board.close();
    },
  };
}
