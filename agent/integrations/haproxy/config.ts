import { z } from "zod";
import { httpServiceShape, serviceUrl } from "../connections/http_service_config.ts";

export const usualSocket = "/run/haproxy/admin.sock";

export const HaproxyConfig = z.lazy(() =>
  z
    .strictObject({
      /** HAProxy's own endpoint for Prometheus, which is scraped. */
      metrics_url: serviceUrl.optional(),
      /** The stats socket: a path, or host:port. Asked where none of the three is given. */
      socket: z.string().min(1).optional(),
      /** The statistics page as CSV: "/stats;csv". It tells nothing of the process. */
      stats_url: serviceUrl.optional(),
      ...httpServiceShape(),
      /** What a syslog daemon writes. */
      log_files: z
        .array(z.string().startsWith("/", "expected an absolute path"))
        .default(["/var/log/haproxy.log"]),
      /** systemd units whose journal is read; found by detection where there is no file. */
      journal_units: z.array(z.string().min(1)).max(4).default([]),
      /** Whether requests, bytes and times of the log are counted as series. */
      access_log_metrics: z.boolean().default(true),
    })
    .superRefine((options, context) => {
      const given = (["metrics_url", "socket", "stats_url"] as const).filter(
        (key) => options[key] !== undefined,
      );
      const [, second] = given;
      if (second === undefined) return;
      const message = `expected one of ${given.join(" and ")}`;
      context.addIssue({ code: "custom", path: [second], message, input: options[second] });
    }),
);
export type HaproxyConfig = z.output<typeof HaproxyConfig>;

/** What is asked. */
export function placeOf({ metrics_url: metrics, stats_url: stats, socket }: HaproxyConfig): string {
  const url = metrics ?? stats;
  return url === undefined ? (socket ?? usualSocket) : new URL(url).host;
}
