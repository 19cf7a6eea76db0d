import { create } from "@bufbuild/protobuf";
import type { Heartbeat, TargetState } from "#proto/gen/v1/control_pb.js";
import { HeartbeatSchema, SourceStateSchema, TargetStateSchema } from "#proto/gen/v1/control_pb.js";
import { version } from "#shared/version.ts";
import type { SourceReport } from "./collect/collector.ts";
import type { TargetReport } from "./collect/scrape/target.ts";

export type HeartbeatParts = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, string>>;
  readonly startedMs: number;
  readonly targets: readonly TargetReport[];
  readonly sources: readonly SourceReport[];
};

/** Everything of a heartbeat that is not about lanes; the port adds tenant, agent and lanes. */
export function heartbeatOf(parts: HeartbeatParts): Heartbeat {
  return create(HeartbeatSchema, {
    name: parts.name,
    version,
    startedMs: parts.startedMs,
    facts: { ...parts.facts },
    labels: { ...parts.labels },
    targets: parts.targets.map(targetState),
    sources: parts.sources.map((source) => create(SourceStateSchema, { ...source })),
  });
}

function targetState(target: TargetReport): TargetState {
  return create(TargetStateSchema, {
    ...target,
    labels: { ...target.labels },
    discoveredLabels: { ...target.discoveredLabels },
  });
}
