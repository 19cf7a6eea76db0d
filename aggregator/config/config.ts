import { z } from "zod";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { baseShape } from "#shared/runtime/config/base_config.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { defaultRegexLimits } from "#shared/text/regex_limits.ts";
import { DashboardsConfig } from "../dashboards/config.ts";
import { FleetConfig } from "../fleet/config.ts";
import { IngestConfig } from "../ingest/config.ts";
import { StreamsConfig } from "../ingest/nats_streams.ts";
import { AlertmanagerKeys } from "../notify/config.ts";
import { LogqlConfig } from "../query/logql/config.ts";
import { PromqlConfig } from "../query/promql/config.ts";
import { RulesConfig } from "../rules/config.ts";
import { StoreConfig } from "../blocks/config.ts";

const SqlConfig = z.strictObject({
  timeout: duration.prefault("30s"),
  /** Rows of a result; more are cut. */
  rows_max: z.number().int().positive().default(10_000),
  /** Bytes of a result; rows beyond are cut. */
  result_max: byteSize.prefault("16MiB"),
  /** Queries that run at once, each in a process of its own. */
  concurrency_max: z.number().int().min(1).max(64).default(2),
  /** Queries that wait for their turn; more are refused. */
  waiting_max: z.number().int().min(0).default(64),
  /** What DuckDB may take for one query; its process may take 256 MiB more, and is killed beyond that. */
  memory_limit: byteSize.prefault("256MiB"),
  threads: z.number().int().min(1).max(256).default(2),
});

const RegexConfig = z.strictObject({
  /** Instructions of one expression. */
  instructions_max: z.int().positive().default(defaultRegexLimits.instructionsMax),
  /** Steps of one match in one text; nothing else runs meanwhile. */
  match_steps_max: z.int().positive().default(defaultRegexLimits.matchStepsMax),
  /** Steps of a complex expression for label values or lines matched in one go; nothing else runs meanwhile. */
  turn_steps_max: z.int().positive().default(defaultRegexLimits.turnStepsMax),
});

/** The keys of lapwing.yaml that an aggregator reads. */
export const aggregatorShape = {
  ...baseShape(),
  storage: StoreConfig.prefault({}),
  ingest: IngestConfig.prefault({}),
  /** Bounds of queries. */
  query: z
    .strictObject({
      /** What all PromQL and LogQL queries together may hold; those beyond wait. */
      memory_max: byteSize.prefault("512MiB"),
      promql: PromqlConfig.prefault({}),
      logql: LogqlConfig.prefault({}),
      /** Cost of regular expressions. */
      regex: RegexConfig.prefault({}),
      sql: SqlConfig.prefault({}),
    })
    .prefault({}),
  /** Alerting and recording rules. */
  rules: RulesConfig.prefault({}),
  /** Routing and notifying of alerts. */
  alertmanager: AlertmanagerKeys.prefault({}),
  /** Dashboards that come from files. */
  dashboards: DashboardsConfig.prefault({}),
  nats: NatsConfig.prefault({}),
  /** Agents with credentials of their own. */
  fleet: FleetConfig.prefault({}),
  /** Limits of the streams that the aggregator creates in NATS. */
  streams: StreamsConfig.prefault({}),
};

const Own = z.strictObject(aggregatorShape);
export type AggregatorConfig = z.output<typeof Own>;
