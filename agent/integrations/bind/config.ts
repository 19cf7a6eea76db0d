import { z } from "zod";
import { httpServiceShape, serviceUrl } from "../connections/http_service_config.ts";

/** What `statistics-channels` is given in most examples; there is no default. */
export const usualPort = 8_053;

export const BindConfig = z.lazy(() =>
  z.strictObject({
    /** The statistics channel. */
    url: serviceUrl.prefault(`http://127.0.0.1:${usualPort}`),
    tls_config: httpServiceShape().tls_config,
    /** Whether serial numbers of zones are collected, 2,000 at most. */
    zones: z.boolean().default(true),
    /** Globs of files that `logging` names. */
    log_files: z
      .array(z.string().startsWith("/", "expected an absolute path"))
      .default(["/var/log/named/*.log", "/var/log/bind/*.log", "/var/named/data/named.run"]),
    /** systemd units whose journal is read; found by detection. */
    journal_units: z.array(z.string().min(1)).max(4).default([]),
  }),
);
export type BindConfig = z.output<typeof BindConfig>;
