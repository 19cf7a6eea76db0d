import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { listenAddress } from "../transport/listen_address.ts";
import { translationStrategies } from "./metric_names.ts";

/** Names of attributes; each once, none empty, as Prometheus checks them. */
const attributeNames = z.lazy(() =>
  z
    .array(z.string().trim().min(1, "expected the name of an attribute"))
    .refine((names) => new Set(names).size === names.length, "expected each attribute once")
    .default([]),
);

/** The `otlp` block of Prometheus's configuration, key by key, so that it can be pasted. */
const prometheusKeys = () => ({
  translation_strategy: z.enum(translationStrategies).default("UnderscoreEscapingWithSuffixes"),
  /** Attributes of resources that become labels of each series, beside job and instance. */
  promote_resource_attributes: attributeNames,
  /** All of them do, but those that are ignored. */
  promote_all_resource_attributes: z.boolean().default(false),
  ignore_resource_attributes: attributeNames,
  /** service.name, service.namespace and service.instance.id stand in target_info, too. */
  keep_identifying_resource_attributes: z.boolean().default(false),
  /** Histograms with explicit bounds become native ones with custom buckets, not classic buckets. */
  convert_histograms_to_nhcb: z.boolean().default(false),
  /** Name, version, schema and attributes of a scope become labels otel_scope_*. */
  promote_scope_metadata: z.boolean().default(false),
  /** "key" is put in front of label names that begin with one underscore. */
  label_name_underscore_sanitization: z.boolean().default(true),
  /** Underscores in a row stay as many as they are in label names. */
  label_name_preserve_multiple_underscores: z.boolean().default(true),
});

export const OtlpConfig = z.lazy(() =>
  z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Where gRPC is taken, such as "0.0.0.0:4317"; nowhere by default, because it needs a port of its own. */
      grpc_listen: listenAddress.optional(),
      /** Of a body as sent, and of what it unpacks to. */
      body_size_max: byteSize.prefault("32MiB"),
      /** Log records of a request and stream that belong together become one. */
      multiline: MultilineConfig.optional(),
      /** Origins of web pages that may send; "*" is any. */
      cors_origins: z.array(z.string()).default([]),
      ...prometheusKeys(),
      /** Series remembered, and running totals of deltas; new ones over it are refused until others were idle. */
      series_max: z.number().int().min(1).default(500_000),
      /** After so long without a sample a series gives up its place where room is wanted. */
      series_idle: duration.prefault("1h"),
    })
    .superRefine((config, context) => {
      const all = config.promote_all_resource_attributes;
      const misplaced = all ? "promote_resource_attributes" : "ignore_resource_attributes";
      if (config[misplaced].length === 0) return;
      const message = all
        ? "expected none while promote_all_resource_attributes is true"
        : "expected none unless promote_all_resource_attributes is true";
      context.addIssue({ code: "custom", path: [misplaced], message });
    }),
);

export type OtlpConfig = z.output<typeof OtlpConfig>;
