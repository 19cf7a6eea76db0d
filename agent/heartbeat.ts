import { create } from "@bufbuild/protobuf";
import type { ConfigurationState, Heartbeat, IntegrationState } from "#proto/gen/v1/control_pb.js";
import {
  ConfigurationStateSchema,
  CredentialsStateSchema,
  HeartbeatSchema,
  IntegrationNeedSchema,
  IntegrationStateSchema,
  SeriesLimitSchema,
  SourceStateSchema,
  UpdateStateSchema,
} from "#proto/gen/v1/control_pb.js";
import type { SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import { version } from "#shared/version.ts";
import type { SourceReport } from "./collect/collector.ts";
import type { TargetReport } from "./collect/target_report.ts";
import type { KeeperState } from "./enroll/key_keeper.ts";
import { scrapePools, targetStates } from "./heartbeat_targets.ts";
import type { UpdaterState } from "./update/updater.ts";
import type { InstanceReport } from "./integrations/report.ts";

export type HeartbeatParts = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, string>>;
  readonly startedMs: number;
  readonly targets: readonly TargetReport[];
  readonly sources: readonly SourceReport[];
  /** Of the agent itself; undefined where it has none. */
  readonly seriesLimit: SeriesLimitReport | undefined;
  /** Labels that have more values than they may. */
  readonly labelLimits: readonly SeriesLimitReport[];
  readonly integrations: readonly InstanceReport[];
  /** undefined where it has none that run out. */
  readonly credentials: KeeperState | undefined;
  /** undefined where it does not bring itself up to date. */
  readonly update: UpdaterState | undefined;
  readonly pools: readonly { readonly name: string; readonly configYaml: string }[];
  /** Absent: the host's own file alone. */
  readonly configuration?: ConfigurationState | undefined;
};

/** Targets whose limits are told of; the fullest go first. */
const targetLimitsMax = 50;

/** Everything of a heartbeat that is not about lanes; the port adds tenant, agent and lanes. */
export function heartbeatOf(parts: HeartbeatParts): Heartbeat {
  return create(HeartbeatSchema, {
    name: parts.name,
    version,
    startedMs: parts.startedMs,
    facts: { ...parts.facts },
    labels: { ...parts.labels },
    ...targetStates(parts.targets),
    sources: parts.sources.map((source) => create(SourceStateSchema, { ...source })),
    seriesLimits: limitsOf(parts.seriesLimit, parts.labelLimits, parts.targets).map((limit) =>
      create(SeriesLimitSchema, limit),
    ),
    integrations: parts.integrations.map(integrationState),
    configuration: parts.configuration ?? create(ConfigurationStateSchema, { source: "local" }),
    scrapePools: scrapePools(parts.pools),
    ...(parts.credentials !== undefined && {
      credentials: create(CredentialsStateSchema, parts.credentials),
    }),
    ...(parts.update !== undefined && { update: create(UpdateStateSchema, parts.update) }),
  });
}

/** The agent's limit, those of labels that are reached, and those of the targets that are half full or refused something. */
export function limitsOf(
  own: SeriesLimitReport | undefined,
  ofLabels: readonly SeriesLimitReport[],
  targets: readonly TargetReport[],
): SeriesLimitReport[] {
  const full = targets
    .flatMap(({ seriesLimit }) => seriesLimit ?? [])
    .filter(({ active, limit, refusedSamples }) => 2 * active >= limit || refusedSamples > 0)
    .toSorted((a, b) => b.active / b.limit - a.active / a.limit)
    .slice(0, targetLimitsMax);
  return [...(own === undefined ? [] : [own]), ...ofLabels, ...full];
}

function integrationState(report: InstanceReport): IntegrationState {
  return create(IntegrationStateSchema, {
    ...report,
    because: [...report.because],
    metrics: [...report.metrics],
    logs: [...report.logs],
    needs: report.needs.map((need) => create(IntegrationNeedSchema, need)),
  });
}
