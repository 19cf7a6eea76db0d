import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseGoDuration } from "#shared/text/go_units.ts";

const nanosPerMs = 1e6;

/** Go's duration text, such as "1m20s", in milliseconds. */
const goDuration = z.lazy(() =>
  z.union([z.string(), z.literal(0)]).transform((given, context) => {
    const nanos = parseGoDuration(String(given));
    if (nanos !== undefined && nanos >= 0) return nanos / nanosPerMs;
    context.addIssue({
      code: "custom",
      message: 'expected a duration such as "1m20s"',
      input: given,
    });
    return z.NEVER;
  }),
);

/** More would make a series of each sample of a metric that many. */
const boundsMax = 256;

const HistogramOptions = z.lazy(() =>
  z.strictObject({
    buckets: z.array(z.number()).max(boundsMax).optional(),
    native_histogram_bucket_factor: z.number().positive().optional(),
    native_histogram_max_buckets: z.number().int().positive().optional(),
  }),
);

const SummaryOptions = z.lazy(() =>
  z.strictObject({
    quantiles: z
      .array(
        z.strictObject({
          quantile: z.number().min(0).max(1),
          /** Ours is one of values, not of ranks, and the same for all quantiles: taken and not needed. */
          error: z.number().optional(),
        }),
      )
      .max(boundsMax)
      .optional(),
    max_age: goDuration.optional(),
    age_buckets: z.number().int().min(1).max(60).optional(),
    /** Of a buffer that is not needed here. */
    buf_cap: z.number().int().optional(),
  }),
);

const matchType = z.enum(["glob", "regex"]);
/** An empty one is a summary to the exporter, too. */
const observerType = z
  .enum(["histogram", "summary", ""])
  .transform((type) => (type === "" ? "summary" : type));
const options = {
  observer_type: observerType.optional(),
  match_type: matchType.optional(),
  ttl: goDuration.optional(),
  histogram_options: HistogramOptions.optional(),
  summary_options: SummaryOptions.optional(),
};

const reference = String.raw`\$\{?\d+\}?`;
const metricName = new RegExp(`^(?:[a-zA-Z_]|${reference})(?:[a-zA-Z0-9_]|${reference})*$`);
const globPattern = /^(?:\*|[a-zA-Z_][a-zA-Z0-9_-]*)(?:\.\*|\.[a-zA-Z0-9_][a-zA-Z0-9_-]*)*$/;

const MappingRule = z.lazy(() =>
  z.strictObject({
    ...options,
    match: z.string().min(1),
    name: z.string().regex(metricName, "expected a metric name, with $1 for what was matched"),
    labels: z
      .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name"), z.string())
      .default({}),
    honor_labels: z.boolean().default(false),
    help: z.string().default(""),
    action: z.enum(["map", "drop", ""]).default("map"),
    match_metric_type: z.enum(["counter", "gauge", "observer"]).optional(),
    scale: z.number().optional(),
  }),
);
export type MappingRule = z.output<typeof MappingRule>;
export type RuleOptions = Pick<
  MappingRule,
  "observer_type" | "ttl" | "histogram_options" | "summary_options"
>;

/** The file that statsd_exporter and graphite_exporter read (github.com/prometheus/statsd_exporter, README and pkg/mapper). */
export const MappingConfig = z.lazy(() =>
  z
    .strictObject({
      defaults: z
        .strictObject({ ...options, glob_disable_ordering: z.boolean().default(false) })
        .prefault({}),
      mappings: z.array(MappingRule).default([]),
    })
    .superRefine(({ defaults, mappings }, context) => {
      for (const [i, { match, match_type: type = defaults.match_type }] of mappings.entries())
        if (type !== "regex" && !globPattern.test(match))
          context.addIssue({
            code: "custom",
            path: ["mappings", i, "match"],
            message: `"${match}": expected words and * between dots, or match_type: regex`,
          });
    }),
);
export type MappingConfig = z.output<typeof MappingConfig>;

/** Reads the file. Throws OperatingError("unavailable") where it can't be read, "bad_request" with all its faults. */
export async function readMappingConfig(file: string): Promise<MappingConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new OperatingError("unavailable", `cannot read ${file} (${messageOf(cause)})`, { cause });
  }
  return parseMappingConfig(text, file);
}

/** As readMappingConfig(), of its text. */
export function parseMappingConfig(text: string, file: string): MappingConfig {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw new OperatingError("bad_request", `${file} is not YAML (${messageOf(cause)})`, { cause });
  }
  const checked = MappingConfig.safeParse(document ?? {});
  if (checked.success) return checked.data;
  const faults = z.prettifyError(checked.error);
  throw new OperatingError("bad_request", `${file} is no mapping of metrics:\n${faults}`);
}
