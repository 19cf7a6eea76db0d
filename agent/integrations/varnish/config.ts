import { z } from "zod";
import { logsShape } from "../log_sources/access_log.ts";

export const VarnishConfig = z.lazy(() =>
  z.strictObject({
    /** As varnishd's -n: a name, or the path of its working directory. Varnish's own default without it. */
    name: z.string().min(1).optional(),
    /** The program, by path or name. */
    command: z.string().min(1).default("varnishstat"),
    /** Files of varnishncsa. */
    access_logs: logsShape({ access: ["/var/log/varnish/*ncsa*.log"], error: [] }).access_logs,
    access_log_metrics: z.boolean().default(true),
    /** What the last number of a line of the access log is, where varnishncsa's -F ends in %D (microseconds) or %T. */
    request_time: z.enum(["microseconds", "milliseconds", "seconds"]).optional(),
    /** systemd units whose journal is read; found by detection. */
    journal_units: z.array(z.string().min(1)).max(4).default([]),
  }),
);
export type VarnishConfig = z.output<typeof VarnishConfig>;

/** Label `instance`: there is one without a name on a host. */
export function instanceOf({ name }: VarnishConfig): string {
  return name ?? "varnishd";
}
