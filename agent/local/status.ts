import { SignalName } from "#shared/signal_name.ts";
import { z } from "zod";

const count = z.number().nonnegative();

/** What became of the items of one signal, as far as the agent knows by itself. */
const LaneStatus = z.object({
  signal: SignalName,
  /** Over the life of the agent's identity: put into frames, or dropped before. */
  collected: count,
  /** In the spool, not known to be in a committed block. */
  waiting: count,
  /** Unix milliseconds of the oldest of them; 0 where none waits. */
  oldestMs: count,
  /** By reason. What fell out of the spool (spool_*) counts since the process began, or is not known where no agent runs. */
  dropped: z.record(z.string(), count),
  /** ok, full, disk_error. */
  state: z.string(),
  lastError: z.string(),
});
export type LaneStatus = z.output<typeof LaneStatus>;

export const SpoolStatus = z.object({
  bytes: count,
  bytesMax: count,
  /** Data older than so many milliseconds is let go. */
  ageMaxMs: count,
  /** What is written at the time; null before there is enough to tell by. */
  bytesPerSecond: count.nullable(),
  /** How long it would be, without an aggregator, until the oldest data goes; null where that is not known. */
  lastsSeconds: count.nullable(),
  lanes: z.array(LaneStatus),
});
export type SpoolStatus = z.output<typeof SpoolStatus>;

const TargetStatus = z.object({
  pool: z.string(),
  instance: z.string(),
  url: z.string(),
  health: z.string(),
  lastError: z.string(),
  lastScrapeMs: count,
});

const RuleStatus = z.object({
  name: z.string(),
  expr: z.string(),
  when: z.enum(["always", "offline"]),
  /** inactive, pending, firing; the highest of its alerts. */
  state: z.enum(["inactive", "pending", "firing"]),
  /** Why the last evaluation failed; empty where it did not. */
  lastError: z.string(),
  alerts: z.array(
    z.object({
      state: z.enum(["pending", "firing"]),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
      activeMs: count,
      /** As Prometheus writes numbers: NaN and infinities are no JSON. */
      value: z.string(),
      /** Whether receivers were told that it fires. */
      told: z.boolean(),
    }),
  ),
});
export type RuleStatus = z.output<typeof RuleStatus>;

const NotifierStatus = z.object({
  /** webhook or script, and its place in the list; an address may be a secret. */
  name: z.string(),
  waiting: count,
  lastError: z.string(),
});
export type NotifierStatus = z.output<typeof NotifierStatus>;

export const LocalRulesStatus = z.object({
  /** Whether rules for outages notify now. */
  isOffline: z.boolean(),
  rules: z.array(RuleStatus),
  notifiers: z.array(NotifierStatus),
});
export type LocalRulesStatus = z.output<typeof LocalRulesStatus>;

/** What an agent tells of itself on its own host. Bounded, and without secrets. */
export const AgentStatus = z.object({
  agent: z.string(),
  name: z.string(),
  version: z.string(),
  startedMs: count,
  nowMs: count,
  aggregator: z.object({
    reached: z.boolean(),
    sinceMs: count,
    detail: z.string(),
    /** How far this host's clock is ahead; null where no aggregator told. */
    clockOffsetMs: z.number().nullable(),
  }),
  spool: SpoolStatus,
  targets: z.object({
    up: count,
    down: count,
    unknown: count,
    dropped: count,
    /** Those that are not up first, not more than a hundred. */
    shown: z.array(TargetStatus),
  }),
  sources: z.array(
    z.object({ type: z.string(), state: z.string(), message: z.string(), items: count }),
  ),
  integrations: z.array(
    z.object({
      integration: z.string(),
      title: z.string(),
      instance: z.string(),
      state: z.string(),
      lastError: z.string(),
    }),
  ),
  receivers: z.array(z.object({ type: z.string(), items: count })),
  rules: LocalRulesStatus,
  /** Warnings and errors of the agent's own log, the newest last. */
  recentLog: z.array(z.string()),
});
export type AgentStatus = z.output<typeof AgentStatus>;

/** What is wrong, in a few words each; empty when all is well. */
export function troublesOf(status: AgentStatus): string[] {
  const { aggregator, spool, targets, sources, integrations, rules } = status;
  const firing = rules.rules.filter(({ state }) => state === "firing").length;
  const down = integrations.filter(({ state }) => state === "down").length;
  const degraded = sources.filter(({ state }) => state === "degraded").length;
  return [
    ...(aggregator.reached ? [] : ["aggregator out of reach"]),
    ...spool.lanes.flatMap(({ signal, state }) =>
      state === "ok" ? [] : [`spool of ${signal}: ${state}`],
    ),
    ...(firing > 0 ? [`${counted(firing, "rule")} firing`] : []),
    ...(targets.down > 0 ? [`${counted(targets.down, "target")} down`] : []),
    ...(degraded > 0 ? [`${counted(degraded, "source")} degraded`] : []),
    ...(down > 0 ? [`${counted(down, "integration")} down`] : []),
  ];
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
