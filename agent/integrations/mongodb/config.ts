import { z } from "zod";
import { hasOnePassword, onePassword, passwordShape } from "../connections/credentials.ts";
import { addressText } from "../connections/split_address.ts";
import { TlsFiles } from "../connections/tls_files.ts";

export const usualPort = 27_017;

export const MongodbConfig = z.lazy(() =>
  z
    .strictObject({
      /** host:port, or the path of a Unix socket: one server, a mongod or a mongos. */
      address: addressText.default(`127.0.0.1:${usualPort}`),
      username: z.string().min(1).optional(),
      ...passwordShape(),
      /** Database that knows the user. */
      auth_source: z.string().min(1).default("admin"),
      tls: TlsFiles,
      /** Parts of the answers, by path, that do not become series. These are some hundred counters of single commands and operators. */
      exclude: z
        .array(z.string().min(1))
        .default([
          "serverStatus.metrics.commands",
          "serverStatus.metrics.aggStageCounters",
          "serverStatus.metrics.operatorCounters",
          "serverStatus.metrics.apiVersions",
        ]),
      /** Databases whose sizes are asked for; how many are left out is told. 0 asks for none. */
      databases_max: z.int().min(0).max(10_000).default(100),
    })
    .refine(hasOnePassword, onePassword),
);
export type MongodbConfig = z.output<typeof MongodbConfig>;
