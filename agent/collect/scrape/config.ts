import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { DnsSdConfig } from "../discovery/dns.ts";
import { FileSdConfig } from "../discovery/file.ts";
import { HttpSdConfig } from "../discovery/http.ts";
import { StaticConfig } from "../discovery/static.ts";
import { authorizationFault, httpClientShape } from "#shared/http/client_config.ts";
import { RelabelConfig } from "#shared/relabel/relabel_config.ts";
import { labelText, scalarText } from "#shared/relabel/scalar_text.ts";

/** Formats that a target may be asked for, by Prometheus's names, best first where a list is given. */
export const scrapeProtocols = [
  "PrometheusProto",
  "OpenMetricsText0.0.1",
  "OpenMetricsText1.0.0",
  "PrometheusText0.0.4",
  "PrometheusText1.0.0",
] as const;
export type ScrapeProtocol = (typeof scrapeProtocols)[number];

const positiveDuration = duration.refine((ms) => ms > 0, "must be above 0");
const count = z.lazy(() => z.number().int().nonnegative());
const protocols = z.lazy(() =>
  z
    .array(z.enum(scrapeProtocols))
    .min(1)
    .refine((list) => new Set(list).size === list.length, "names a protocol twice"),
);

/** A body of this size and more fails, so that one target can't take the agent's memory. */
const bodySizeDefault = "64MiB";
/** Active series of one target: over ten times what a busy node_exporter or a large Kubernetes node has. */
const seriesLimitDefault = 200_000;
/** The highest that 0 ("no limit" in Prometheus) stands for. */
export const bodySizeCeiling = 1024 ** 3;

/** Limits on one scrape; 0 is none. A breach fails the whole scrape, but for series_limit: that refuses new series alone. */
const limits = {
  body_size_limit: byteSize,
  sample_limit: count,
  series_limit: count,
  label_limit: count,
  label_name_length_limit: count,
  label_value_length_limit: count,
  target_limit: count,
} as const;

/** Defaults for all scrape configs, by Prometheus's keys. Its evaluation_interval is accepted, as files carry it, and unused here. */
export const GlobalConfig = z.lazy(() =>
  z.strictObject({
    /** 15s where Prometheus has 1m: short enough to see an incident begin, and a repeat scrape costs little. */
    scrape_interval: positiveDuration.prefault("15s"),
    /** 10s, or the interval where that is shorter. */
    scrape_timeout: positiveDuration.optional(),
    evaluation_interval: positiveDuration.optional(),
    /** All formats of text; where native histograms are scraped, protobuf before them. */
    scrape_protocols: protocols.optional(),
    /** Whether native histograms are taken, in place of the classic ones they come with; only protobuf has them. */
    scrape_native_histograms: z.boolean().default(false),
    /** Whether classic buckets are taken beside the native ones. */
    always_scrape_classic_histograms: z.boolean().default(false),
    /** Added to every series that lacks them. */
    external_labels: z.record(z.string(), labelText).default({}),
    body_size_limit: limits.body_size_limit.prefault(bodySizeDefault),
    sample_limit: limits.sample_limit.default(0),
    /** Series with a sample in the last hour; when reached, known ones go on and new ones are refused. */
    series_limit: limits.series_limit.default(seriesLimitDefault),
    label_limit: limits.label_limit.default(0),
    label_name_length_limit: limits.label_name_length_limit.default(0),
    label_value_length_limit: limits.label_value_length_limit.default(0),
    target_limit: limits.target_limit.default(0),
    /** Also report scrape_timeout_seconds, scrape_sample_limit and scrape_body_size_bytes. */
    extra_scrape_metrics: z.boolean().default(false),
  }),
);
export type GlobalConfig = z.output<typeof GlobalConfig>;

const ScrapeConfig = z.lazy(() =>
  z
    .strictObject(
      {
        job_name: scalarText.pipe(z.string().min(1, "must not be empty")),
        scrape_interval: positiveDuration.optional(),
        scrape_timeout: positiveDuration.optional(),
        metrics_path: z.string().default("/metrics"),
        scheme: z.enum(["http", "https"]).default("http"),
        params: z.record(z.string(), z.array(scalarText)).default({}),
        /** Whether exposed labels win over the target's; else they become exported_<name>. */
        honor_labels: z.boolean().default(false),
        honor_timestamps: z.boolean().default(true),
        /** Whether series with timestamps of their own get staleness markers. */
        track_timestamps_staleness: z.boolean().default(false),
        scrape_protocols: protocols.optional(),
        scrape_native_histograms: z.boolean().optional(),
        always_scrape_classic_histograms: z.boolean().optional(),
        /** The format to assume where the answer's content type is absent or unknown. */
        fallback_scrape_protocol: z.enum(scrapeProtocols).optional(),
        enable_compression: z.boolean().default(true),
        extra_scrape_metrics: z.boolean().optional(),
        body_size_limit: limits.body_size_limit.optional(),
        sample_limit: limits.sample_limit.optional(),
        series_limit: limits.series_limit.optional(),
        label_limit: limits.label_limit.optional(),
        label_name_length_limit: limits.label_name_length_limit.optional(),
        label_value_length_limit: limits.label_value_length_limit.optional(),
        target_limit: limits.target_limit.optional(),
        ...httpClientShape(),
        /** Applied to a target's labels before it is scraped. */
        relabel_configs: z.array(RelabelConfig).default([]),
        /** Applied to every series of a scrape, once when it first appears. */
        metric_relabel_configs: z.array(RelabelConfig).default([]),
        static_configs: z.array(StaticConfig).default([]),
        file_sd_configs: z.array(FileSdConfig).default([]),
        http_sd_configs: z.array(HttpSdConfig).default([]),
        dns_sd_configs: z.array(DnsSdConfig).default([]),
      },
      {
        error: (issue) => {
          if (issue.code !== "unrecognized_keys") return undefined;
          const discoveries = issue.keys.filter((key) => key.endsWith("_sd_configs"));
          if (discoveries.length === 0) return undefined;
          return `${discoveries.join(", ")}: this kind of discovery is not supported; use static_configs, file_sd_configs, http_sd_configs or dns_sd_configs`;
        },
      },
    )
    .superRefine((config, context) => {
      const fault = authorizationFault(config);
      if (fault !== undefined) {
        context.addIssue({
          code: "custom",
          path: ["authorization"],
          message: fault,
          input: config,
        });
      }
      const { scrape_interval: interval, scrape_timeout: timeout } = config;
      if (interval !== undefined && timeout !== undefined && timeout > interval) {
        const message = "must not be longer than scrape_interval";
        context.addIssue({ code: "custom", path: ["scrape_timeout"], message, input: timeout });
      }
    }),
);
export type ScrapeConfig = z.output<typeof ScrapeConfig>;

export const ScrapeConfigs = z.array(ScrapeConfig).superRefine(
  (configs, context) => {
    const seen = new Set<string>();
    for (const [i, { job_name: job }] of configs.entries()) {
      if (seen.has(job)) {
        const message = `job name "${job}" is used twice`;
        context.addIssue({ code: "custom", path: [i, "job_name"], message, input: job });
      }
      seen.add(job);
    }
  },
  // Told together with mistakes in other keys, but only of jobs that have a name.
  {
    when: ({ issues }) =>
      !issues.some(({ path, code }) => code === "invalid_type" && (path?.length ?? 0) < 3),
  },
);
