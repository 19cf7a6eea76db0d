import { z } from "zod";
import { hasOnePassword, onePassword, passwordShape } from "../connections/credentials.ts";
import { TlsFiles } from "../connections/tls_files.ts";

export const usualPort = 3_306;
/** Of Debian's packages, of Red Hat's, and of MySQL's own. */
export const usualSockets: readonly string[] = [
  "/run/mysqld/mysqld.sock",
  "/var/run/mysqld/mysqld.sock",
  "/var/lib/mysql/mysql.sock",
  "/tmp/mysql.sock",
];

const absolutePath = z.string().startsWith("/", "expected an absolute path");

export const MysqlConfig = z.lazy(() =>
  z
    .strictObject({
      /** host:port, or the path of the Unix socket. */
      address: z.string().min(1).default(`127.0.0.1:${usualPort}`),
      username: z.string().min(1).default("lapwing"),
      ...passwordShape(),
      tls: TlsFiles,
      /** Of performance_schema's digests those that took the most time; 0 asks for none. */
      statements_max: z.int().min(0).max(1_000).default(30),
      /** Size of the largest tables; 0 asks for none, because the server opens every table for it. */
      tables_max: z.int().min(0).max(10_000).default(0),
      /** Globs; those of the usual packages where the address is the usual one of this host. */
      log_files: z.array(absolutePath).optional(),
      slow_log_files: z.array(absolutePath).optional(),
      /** Unit of systemd whose journal holds the error log. */
      log_unit: z.string().min(1).optional(),
    })
    .refine(hasOnePassword, onePassword),
);
export type MysqlConfig = z.output<typeof MysqlConfig>;
