import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { duration } from "#shared/text/duration.ts";
import { type Selects, compileSelector } from "./selector.ts";

const outputKinds = [
  "sum",
  "sum_samples",
  "count_samples",
  "count_series",
  "min",
  "max",
  "avg",
  "last",
  "increase",
  "total",
  "histogram",
] as const;
type OutputKind = (typeof outputKinds)[number];

/** What is made of a group; `quantiles` makes a series for each of `phis`. */
export type Output =
  | { readonly kind: OutputKind }
  | { readonly kind: "quantiles"; readonly phis: readonly number[] };

const Match = z.lazy(() =>
  z.union([z.string(), z.array(z.string()).min(1)]).transform((written, context): Selects => {
    try {
      const selectors = (typeof written === "string" ? [written] : written).map(compileSelector);
      return (labels) => selectors.some((selects) => selects(labels));
    } catch (thrown) {
      context.addIssue({ code: "custom", message: messageOf(thrown), input: written });
      return z.NEVER;
    }
  }),
);

const OutputText = z.string().transform((text, context): Output => {
  const kind = outputKinds.find((one) => one === text);
  if (kind !== undefined) return { kind };
  const phis = /^quantiles\(([^()]+)\)$/.exec(text)?.[1]?.split(",").map(Number);
  if (phis?.every((phi) => phi >= 0 && phi <= 1) === true) return { kind: "quantiles", phis };
  const message = `expected one of ${outputKinds.join(", ")}, or quantiles(0.5, 0.99)`;
  context.addIssue({ code: "custom", message, input: text });
  return z.NEVER;
});

const labelNames = z.lazy(() =>
  z.array(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name")),
);

const Rule = z.lazy(() =>
  z
    .strictObject({
      /** What own metrics call it; its number in the list by default. */
      name: z.string().min(1).max(64).optional(),
      /** Series that one of these selects. */
      match: Match,
      /** Results stand on multiples of it, in Unix time. */
      interval: duration.prefault("1m"),
      outputs: z.array(OutputText).min(1),
      by: labelNames.optional(),
      without: labelNames.optional(),
      /** One of the two may be written; samples that are aggregated are not stored unless they are kept. */
      keep_input: z.boolean().optional(),
      drop_input: z.boolean().optional(),
      /** Name of the result; the names of all that match are one group then. */
      record: z
        .string()
        .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, "expected a metric name")
        .optional(),
      /** A result without samples for so long ends; twice the interval by default. */
      staleness_interval: duration.optional(),
      /** Results wait so long for samples that are on their way; a sixth of the interval, at most 10s, by default. */
      delay: duration.optional(),
      /** Series that are known at once; samples of more pass as they are. Each takes some 200 bytes. */
      series_max: z.number().int().positive().max(5_000_000).default(100_000),
    })
    .check((context) => {
      const { interval, by, without, keep_input, drop_input, record, outputs } = context.value;
      const refuse = (key: string, message: string) =>
        context.issues.push({ code: "custom", path: [key], message, input: context.value });
      if (interval < 1_000) refuse("interval", "expected 1s or more");
      if (by !== undefined && without !== undefined)
        refuse("without", "expected by or without, not both");
      if (keep_input !== undefined && keep_input === drop_input)
        refuse("drop_input", "expected the opposite of keep_input");
      if (record !== undefined && outputs.length > 1)
        refuse("record", "expected one output, for one name is of one result");
      const kinds = outputs.map(({ kind }) => kind);
      if (new Set(kinds).size < kinds.length) refuse("outputs", "expected each output once");
    }),
);

/** One rule, checked and compiled. Times in milliseconds. */
export type AggregationRule = {
  readonly name: string;
  /** Equal texts are equal rules: a reload keeps the state of those. */
  readonly text: string;
  readonly selects: Selects;
  readonly intervalMs: number;
  readonly stalenessMs: number;
  readonly delayMs: number;
  readonly outputs: readonly Output[];
  readonly by: readonly string[] | undefined;
  readonly without: readonly string[] | undefined;
  readonly dropsInput: boolean;
  readonly record: string | undefined;
  /** The labels of a series' group, where not `by`, `without` and `record` say; the result then has its inputs' name. */
  readonly groupOf?: (labels: Labels) => Labels;
  /** Since when what a series comes from is known, where the rule sees only some of its series. */
  readonly originMs?: (labels: Labels) => number;
  readonly seriesMax: number;
};

const rulesMax = 100;

/** `stream_aggregation`: what is made of series before they are stored. */
export const AggregationConfig = z.lazy(() =>
  z
    .array(z.unknown())
    .max(rulesMax)
    .default([])
    .transform((written, context): AggregationRule[] => {
      const parsed = z.array(Rule).safeParse(written);
      if (!parsed.success) {
        for (const { path, message } of parsed.error.issues)
          context.addIssue({ code: "custom", path, message });
        return z.NEVER;
      }
      return parsed.data.map((rule, i) => ({
        name: rule.name ?? String(i),
        text: JSON.stringify([rule.name ?? i, written[i]]),
        selects: rule.match,
        intervalMs: rule.interval,
        stalenessMs: Math.max(rule.staleness_interval ?? 2 * rule.interval, rule.interval),
        delayMs: rule.delay ?? Math.min(10_000, Math.ceil(rule.interval / 6)),
        outputs: rule.outputs,
        by: rule.by?.toSorted(),
        without: rule.without?.toSorted(),
        dropsInput: rule.keep_input !== true && rule.drop_input !== false,
        record: rule.record,
        seriesMax: rule.series_max,
      }));
    }),
);
