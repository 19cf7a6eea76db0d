import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]*):\d{1,5}$/, 'expected host:port, such as "127.0.0.1:4317"');

export const OtlpConfig = z.strictObject({
  enabled: z.boolean().default(true),
  /** Where gRPC is taken, such as "0.0.0.0:4317"; nowhere by default, because it needs a port of its own. */
  grpc_listen: listenAddress.optional(),
  /** Of a body as sent, and of what it unpacks to. */
  body_size_max: byteSize.prefault("32MiB"),
  /** Origins of web pages that may send; "*" is any. */
  cors_origins: z.array(z.string()).default([]),
  /** Attributes of resources that become labels of each series, beside job and instance. */
  promote_resource_attributes: z.array(z.string()).default([]),
  /** Series remembered, and running sums of deltas; new ones over it are refused until others were idle. */
  series_max: z.number().int().min(1).default(500_000),
  /** After so long without a sample a series gives up its place where room is wanted. */
  series_idle: duration.prefault("1h"),
});

export type OtlpConfig = z.output<typeof OtlpConfig>;
