import { z } from "zod";
import { LinearPattern } from "../../pipeline/processors/regex.ts";
import { hasOnePassword, onePassword, passwordShape } from "../connections/credentials.ts";
import { addressText } from "../connections/split_address.ts";
import { TlsFiles } from "../connections/tls_files.ts";

export const usualPort = 9_092;

export const KafkaConfig = z.lazy(() =>
  z
    .strictObject({
      /** host:port of some brokers; the first that answers tells of all others. */
      brokers: z
        .array(addressText)
        .min(1)
        .default([`127.0.0.1:${usualPort}`]),
      /** Whether the cluster is told of in any case, or only where the first of `brokers` is on this host and has the lowest id of all. */
      cluster_from: z.enum(["any_broker", "lowest_broker"]).default("any_broker"),
      /** Without it nobody logs in. */
      username: z.string().min(1).optional(),
      ...passwordShape(),
      sasl_mechanism: z.enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]).default("SCRAM-SHA-512"),
      tls: TlsFiles,
      /** Topics and groups that are told of: RE2, found anywhere in the name, as kafka_exporter's filters are. */
      topics: LinearPattern.optional(),
      topics_exclude: LinearPattern.optional(),
      groups: LinearPattern.optional(),
      groups_exclude: LinearPattern.optional(),
      /** Groups that are asked for by name, for a user who may not list them. */
      group_names: z.array(z.string().min(1)).max(1_000).default([]),
      /** Groups of one broker; how many are left out is told. */
      groups_max: z.int().min(0).max(10_000).default(1_000),
    })
    .refine(hasOnePassword, onePassword),
);
export type KafkaConfig = z.output<typeof KafkaConfig>;
