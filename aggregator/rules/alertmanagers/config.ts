import { z } from "zod";
import {
  type HttpConfig,
  checkAuthorization,
  httpConfigShape,
} from "#aggregator/channels/http/http_config.ts";
import { RelabelConfig } from "#shared/relabel/relabel_config.ts";
import { labelText, scalarText } from "#shared/relabel/scalar_text.ts";
import { duration } from "#shared/text/duration.ts";

const StaticConfig = z.strictObject({
  targets: z.array(scalarText).default([]),
  labels: z.record(z.string().min(1), labelText).default({}),
});

const ownShape = () => ({
  scheme: z.enum(["http", "https"]).default("http"),
  path_prefix: z.string().default("/"),
  timeout: duration
    .prefault("10s")
    .refine((ms) => ms > 0, { error: "expected a duration above 0" }),
  /** Alertmanager removed version 1 in 0.27. */
  api_version: z.literal("v2", { error: 'expected "v2"' }).default("v2"),
  static_configs: z.array(StaticConfig).default([]),
  /** Of the addresses. */
  relabel_configs: z.array(RelabelConfig).default([]),
  /** Of the alerts that these Alertmanagers get, after those of all. */
  alert_relabel_configs: z.array(RelabelConfig).default([]),
});

const AlertmanagersEntry = z.lazy(() =>
  z
    .strictObject({ ...httpConfigShape(), ...ownShape() })
    .superRefine(checkAuthorization)
    .transform(
      ({
        scheme,
        path_prefix,
        timeout,
        api_version,
        static_configs,
        relabel_configs,
        alert_relabel_configs,
        ...http
      }) => {
        const own = { scheme, path_prefix, timeout, api_version, static_configs };
        const client: HttpConfig = http;
        return { ...own, relabel_configs, alert_relabel_configs, http: client };
      },
    ),
);
export type AlertmanagersEntry = z.output<typeof AlertmanagersEntry>;

/** `rules.alerting` of lapwing.yaml: who gets the alerts of rules. As Prometheus's `alerting`. */
export const AlertingConfig = z.strictObject({
  /** Of all alerts, before they are sent anywhere. */
  alert_relabel_configs: z.array(RelabelConfig).default([]),
  alertmanagers: z.array(AlertmanagersEntry).default([]),
  /** Whether Lapwing's own Alertmanager gets them, too. */
  own_alertmanager: z.boolean().default(true),
  /** Alerts that wait for each Alertmanager; the oldest beyond are dropped. */
  queue_max: z.int().min(1).max(1_000_000).default(10_000),
});
export type AlertingConfig = z.output<typeof AlertingConfig>;
