import { z } from "zod";
import { hasOnePassword, onePassword, passwordShape } from "../connections/credentials.ts";
import { TlsFiles } from "../connections/tls_files.ts";

export const usualPort = 6_379;
export const sentinelPort = 26_379;

export const RedisConfig = z.lazy(() =>
  z
    .strictObject({
      /** host:port, or the path of a Unix socket. */
      address: z.string().min(1).default(`127.0.0.1:${usualPort}`),
      /** Of an ACL (Redis 6); without it the password is that of `requirepass`. */
      username: z.string().min(1).optional(),
      ...passwordShape(),
      tls: TlsFiles,
      /** Whether the distribution of each command's latency is asked (Redis 7): about 15 series a command. */
      latency_histograms: z.boolean().default(true),
      /** Globs of its log files; those of the Debian packages where the address is the usual one of this host. */
      log_files: z.array(z.string().startsWith("/", "expected an absolute path")).optional(),
    })
    .refine(hasOnePassword, onePassword),
);
export type RedisConfig = z.output<typeof RedisConfig>;
