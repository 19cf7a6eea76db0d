import { z } from "zod";
import { hasOnePassword, onePassword, passwordShape } from "../connections/credentials.ts";
import { TlsFiles } from "../connections/tls_files.ts";

export const usualPort = 5_432;
/** Where Debian's packages and most others have the socket. */
export const usualFolder = "/var/run/postgresql";

const databaseName = z.string().min(1);

export const PostgresqlConfig = z.lazy(() =>
  z
    .strictObject({
      /** host:port, the folder of the Unix socket, or the socket itself (/var/run/postgresql/.s.PGSQL.5433). */
      address: z.string().min(1).default(`127.0.0.1:${usualPort}`),
      username: z.string().min(1).default("lapwing"),
      ...passwordShape(),
      tls: TlsFiles,
      /** The one that is connected to. */
      database: databaseName.default("postgres"),
      /** Further ones whose tables are told of, each by a connection of its own. */
      databases: z.array(databaseName).max(20).default([]),
      /** Of each database the largest so many. */
      tables_max: z.int().min(0).max(10_000).default(300),
      /** Of pg_stat_statements those that took the most time; 0 asks for none. */
      statements_max: z.int().min(0).max(5_000).default(50),
      /** Whether their text is told (pg_stat_statements_query_id). */
      statement_text: z.boolean().default(false),
      /** Globs of its log files; those of the Debian packages where the address is the usual one of this host. */
      log_files: z.array(z.string().startsWith("/", "expected an absolute path")).optional(),
    })
    .refine(hasOnePassword, onePassword),
);
export type PostgresqlConfig = z.output<typeof PostgresqlConfig>;
