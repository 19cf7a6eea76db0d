import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { AlertingConfig } from "./alertmanagers/config.ts";
import { HeartbeatConfig } from "./heartbeat/config.ts";
import { UnknownConfig } from "./unknown/config.ts";
import { IntegrationRulesConfig } from "./integration_rules/config.ts";

const positive = (text: string) =>
  duration.prefault(text).refine((ms) => ms > 0, { error: "expected a duration above 0" });

/** `rules` of lapwing.yaml. The names are those of Prometheus's configuration and flags, where it has them. */
export const RulesConfig = z.strictObject({
  /** Files of rules in Prometheus's or Loki's form; the last part of a path may be a pattern such as *.yaml. */
  files: z.array(z.string().min(1)).default([]),
  /** Rules that come with integrations and probes. */
  integrations: IntegrationRulesConfig.prefault({}),
  /** Who gets the alerts of rules. */
  alerting: AlertingConfig.prefault({}),
  /** Pings an outside address as long as rules are evaluated. */
  heartbeat: HeartbeatConfig.optional(),
  /** What becomes of a rule while agents behind its data are silent or late. */
  unknown: UnknownConfig.prefault({}),
  /** Rules that read more than this share of the samples of all rules are listed as expensive. */
  expensive_share: z.number().min(0).max(1).default(0.1),
  /** Of groups that name no interval. */
  evaluation_interval: positive("1m"),
  /** Of groups that name none: rules are evaluated for the time before by so much, so that late samples are there. */
  query_offset: duration.prefault("0s"),
  /** Added to alerts that are sent, and seen by templates. */
  external_labels: z.record(z.string(), z.string()).default({}),
  /** Where people reach this server: for links in alerts, and for templates. */
  external_url: z
    .string()
    .default("")
    .refine((text) => text === "" || /^https?:\/\//.test(text), {
      error: "expected a URL such as https://lapwing.example.org",
    }),
  /** Alerts of before an outage go on where it was no longer than this. */
  for_outage_tolerance: duration.prefault("1h"),
  /** An alert that was pending before a start waits at least so long. */
  for_grace_period: duration.prefault("10m"),
  /** What the queries of all rules together may hold. */
  memory_max: byteSize.prefault("128MiB"),
  /** Rules whose queries run at the same time. */
  concurrency_max: z.int().min(1).max(64).default(2),
});
export type RulesConfig = z.output<typeof RulesConfig>;
