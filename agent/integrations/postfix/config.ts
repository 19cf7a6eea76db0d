import { z } from "zod";

export const usualConfigDirectory = "/etc/postfix";

const absolute = z.string().startsWith("/", "expected an absolute path");

export const PostfixConfig = z.lazy(() =>
  z.strictObject({
    /** Postfix's `config_directory`, which tells instances of one host apart. */
    config_directory: absolute.default(usualConfigDirectory),
    /** Mail logs, as a syslog daemon or Postfix itself (`maillog_file`) writes them. */
    log_files: z.array(absolute).default(["/var/log/mail.log", "/var/log/maillog"]),
    /** systemd units whose journal is read in their place; found by detection. */
    journal_units: z.array(z.string().min(1)).max(8).default([]),
    /** Whether deliveries, connections and refusals in the log are counted as series. */
    log_metrics: z.boolean().default(true),
  }),
);
export type PostfixConfig = z.output<typeof PostfixConfig>;
