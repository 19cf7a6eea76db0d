import {
  type GlobalConfig,
  type ScrapeConfig,
  type ScrapeProtocol,
  bodySizeCeiling,
} from "./config.ts";
import type { Labels } from "#shared/model/labels.ts";
import { outOfOrderDefaultMs } from "#shared/runtime/config/out_of_order_config.ts";

/** A scrape config with every default filled in from the global section; one pool of targets. */
export type Job = Omit<
  ScrapeConfig,
  | "scrape_interval"
  | "scrape_timeout"
  | "scrape_protocols"
  | "scrape_native_histograms"
  | "always_scrape_classic_histograms"
  | keyof JobLimits
> &
  JobLimits & {
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly scrape_protocols: readonly ScrapeProtocol[];
    readonly scrape_native_histograms: boolean;
    readonly always_scrape_classic_histograms: boolean;
    readonly externalLabels: Labels;
    /** How late a sample with a timestamp of its own may be. */
    readonly outOfOrderMs: number;
  };

type JobLimits = {
  readonly body_size_limit: number;
  readonly sample_limit: number;
  readonly series_limit: number;
  readonly label_limit: number;
  readonly label_name_length_limit: number;
  readonly label_value_length_limit: number;
  readonly target_limit: number;
  readonly extra_scrape_metrics: boolean;
};

const textProtocols: readonly ScrapeProtocol[] = [
  "OpenMetricsText1.0.0",
  "OpenMetricsText0.0.1",
  "PrometheusText1.0.0",
  "PrometheusText0.0.4",
];
const timeoutDefaultMs = 10_000;

/** Fills in the defaults. `externalLabels` are added to those of the global section, and win over them. */
export function resolveJob(
  global: GlobalConfig,
  config: ScrapeConfig,
  externalLabels: Labels = {},
  outOfOrderMs = outOfOrderDefaultMs,
): Job {
  const intervalMs = config.scrape_interval ?? global.scrape_interval;
  const timeoutMs =
    config.scrape_timeout ?? Math.min(global.scrape_timeout ?? timeoutDefaultMs, intervalMs);
  const native = config.scrape_native_histograms ?? global.scrape_native_histograms;
  const protocolsDefault: readonly ScrapeProtocol[] = native
    ? ["PrometheusProto", ...textProtocols]
    : textProtocols;
  const bodySize = config.body_size_limit ?? global.body_size_limit;
  return {
    ...config,
    intervalMs,
    timeoutMs,
    scrape_protocols: config.scrape_protocols ?? global.scrape_protocols ?? protocolsDefault,
    scrape_native_histograms: native,
    always_scrape_classic_histograms:
      config.always_scrape_classic_histograms ?? global.always_scrape_classic_histograms,
    externalLabels: { ...global.external_labels, ...externalLabels },
    outOfOrderMs,
    body_size_limit: bodySize === 0 ? bodySizeCeiling : Math.min(bodySize, bodySizeCeiling),
    sample_limit: config.sample_limit ?? global.sample_limit,
    series_limit: config.series_limit ?? global.series_limit,
    label_limit: config.label_limit ?? global.label_limit,
    label_name_length_limit: config.label_name_length_limit ?? global.label_name_length_limit,
    label_value_length_limit: config.label_value_length_limit ?? global.label_value_length_limit,
    target_limit: config.target_limit ?? global.target_limit,
    extra_scrape_metrics: config.extra_scrape_metrics ?? global.extra_scrape_metrics,
  };
}

/** Mistakes that show only when a scrape config meets the global section; path is within scrape_configs. */
export function jobFaults(
  global: GlobalConfig,
  configs: readonly ScrapeConfig[],
): { readonly path: readonly [number, string]; readonly message: string }[] {
  return configs.flatMap((config, i) => {
    const { intervalMs, timeoutMs } = resolveJob(global, config);
    if (timeoutMs <= intervalMs) return [];
    const message = `must not be longer than the scrape interval (${intervalMs} ms)`;
    return [{ path: [i, "scrape_timeout"] as const, message }];
  });
}

/** Equal texts for equal jobs: a change of the configuration restarts only the pools whose text differs. */
export function jobFingerprint(job: Job): string {
  return JSON.stringify(job);
}
