import { z } from "zod";

export const usualPort = 22;

export const OpensshConfig = z.lazy(() =>
  z.strictObject({
    /** Where sshd listens on this host. */
    port: z.int().min(1).max(65_535).default(usualPort),
    /** Files with the messages of sshd, as a syslog daemon writes them. */
    log_files: z
      .array(z.string().startsWith("/", "expected an absolute path"))
      .default(["/var/log/auth.log", "/var/log/secure"]),
    /** systemd units whose journal is read in their place; found by detection. */
    journal_units: z.array(z.string().min(1)).max(4).default([]),
  }),
);
export type OpensshConfig = z.output<typeof OpensshConfig>;
