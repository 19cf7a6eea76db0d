import { z } from "zod";
import { agentFleetShape } from "#proto/fleet/agent_fleet_config.ts";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { baseShape } from "#shared/runtime/config/base_config.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { LazyAdaptiveConfig } from "../adaptive/lazy_config.ts";
import { ReceiversConfig } from "../collect/receivers/config.ts";
import { GlobalConfig, ScrapeConfigs } from "../collect/scrape/config.ts";
import { jobFaults } from "../collect/scrape/job.ts";
import { SourcesConfig } from "../collect/sources/config.ts";
import { outOfOrderShape } from "#shared/runtime/config/out_of_order_config.ts";
import { IntegrationsConfig } from "../integrations/config.ts";
import { LazyLocalRulesConfig } from "../local_rules/lazy_config.ts";
import { LazyProbesConfig } from "../probes/lazy_config.ts";
import { AggregationConfig } from "../pipeline/aggregation/config.ts";
import { CardinalityConfig } from "../pipeline/aggregation/label_guard.ts";
import { ProcessorsConfig } from "../pipeline/processors/config.ts";
import { SpoolConfig } from "../spool/config.ts";
import { UplinkConfig } from "../uplink/config.ts";
import { SelfUpdateConfig } from "../update/config.ts";

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name");

/** The keys of lapwing.yaml that an agent reads. */
export const agentShape = () => ({
  ...baseShape(),
  agent: z
    .strictObject({
      /** Shown to people and put on what this host collects; the host's own name by default. */
      name: z.string().min(1).optional(),
      /** Added to every series and stream that lacks them. */
      labels: z.record(labelName, z.string()).default({}),
      /** Series with a sample in the last hour, of all sources together; 0 is none. Known ones go on, new ones are refused. */
      series_limit: z.number().int().nonnegative().default(1_000_000),
      /** What bodies of over 1 MiB of all scrapes together, and what they are parsed into, hold in memory; a scrape waits for room up to its timeout. */
      scrape_memory_max: byteSize.prefault("256MiB"),
    })
    .prefault({}),
  /** Prometheus's own. */
  global: GlobalConfig.prefault({}),
  scrape_configs: ScrapeConfigs.default([]),
  sources: SourcesConfig,
  /** Of all log records, pushed ones too. */
  logs: z
    .strictObject({
      /** What they go through after the processors of their source, in this order. */
      processors: ProcessorsConfig,
    })
    .prefault({}),
  /** What is made of series before they are stored, whatever they come from. */
  stream_aggregation: AggregationConfig,
  /** A bound on the values of labels. */
  cardinality: CardinalityConfig.prefault({}),
  /** Sources that are read finely, shipped coarsely, and finely where something happens. */
  adaptive_resolution: LazyAdaptiveConfig,
  /** Services of this host. */
  integrations: IntegrationsConfig.prefault({}),
  /** Probes from outside, with the blackbox exporter's modules. */
  probes: LazyProbesConfig,
  receivers: ReceiversConfig.prefault({}),
  /** Alerts that the agent evaluates by itself, for when nobody else can. */
  local_rules: LazyLocalRulesConfig,
  spool: SpoolConfig.prefault({}),
  nats: NatsConfig.prefault({}),
  uplink: UplinkConfig.prefault({}),
  /** Releases that the aggregator rolls out. */
  self_update: SelfUpdateConfig.prefault({}),
  /** Of what an aggregator reads, an agent needs only how late samples may be. */
  storage: z.looseObject(outOfOrderShape()).prefault({}),
  /** Of what an aggregator reads, too: where the configuration comes from. */
  fleet: z.looseObject(agentFleetShape()).prefault({}),
});

/**
 * Adds the mistakes that show only when keys meet each other. They are looked for as soon as the keys that they are about are in
 * order, so that they are told together with mistakes elsewhere.
 */
export function withAgentChecks<Schema extends z.ZodType<z.output<typeof Own>>>(
  schema: Schema,
): Schema {
  return schema.superRefine(
    (config, context) => {
      for (const { path, message } of jobFaults(config.global, config.scrape_configs))
        context.addIssue({ code: "custom", path: ["scrape_configs", ...path], message });
    },
    {
      when: ({ issues }) =>
        !issues.some(
          ({ path: [key, , jobKey] = [], code }) =>
            key === "global" ||
            // No map at all.
            (key === undefined && code === "invalid_type") ||
            (key === "scrape_configs" &&
              (jobKey === undefined ? code === "invalid_type" : isTime(jobKey))),
        ),
    },
  );
}

function isTime(key: PropertyKey): boolean {
  return key === "scrape_interval" || key === "scrape_timeout";
}

/** One file serves all roles: an agent leaves alone what only an aggregator reads. */
export const AgentConfig = z.lazy(() =>
  withAgentChecks(
    z.strictObject({
      ...agentShape(),
      streams: z.unknown().optional(),
      ingest: z.unknown().optional(),
      query: z.unknown().optional(),
      dashboards: z.unknown().optional(),
      rules: z.unknown().optional(),
      alertmanager: z.unknown().optional(),
    }),
  ),
);
const Own = z.lazy(() => z.strictObject(agentShape()));
export type AgentConfig = z.output<typeof Own>;
