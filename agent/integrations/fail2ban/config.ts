import { z } from "zod";

export const usualSocket = "/var/run/fail2ban/fail2ban.sock";
export const usualLog = "/var/log/fail2ban.log";

const absolute = z.string().startsWith("/", "expected an absolute path");

export const Fail2banConfig = z.lazy(() =>
  z.strictObject({
    /** The server's Unix socket; it is root's by default. */
    socket: absolute.default(usualSocket),
    /** Its `logtarget`, where that is a file. */
    log_files: z.array(absolute).default([usualLog]),
    /** systemd units whose journal is read, for logtarget SYSTEMD-JOURNAL or SYSLOG. */
    journal_units: z.array(z.string().min(1)).max(4).default([]),
  }),
);
export type Fail2banConfig = z.output<typeof Fail2banConfig>;
