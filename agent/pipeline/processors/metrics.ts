import { z } from "zod";
import { Match } from "./match/match.ts";
import { defineProcessor, withinSteps } from "./processor.ts";

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name");

const MetricEntry = z.lazy(() =>
  z
    .strictObject({
      name: z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, "expected a metric name"),
      kind: z.enum(["counter", "gauge", "histogram"]).default("counter"),
      help: z.string().default(""),
      unit: z.string().default(""),
      /** The attribute whose number counts; each record counts 1 where none is named. */
      value: z.string().min(1).optional(),
      /** Upper bounds of a histogram; Prometheus's own by default. */
      buckets: z
        .array(z.number())
        .min(1)
        .max(100)
        .refine(
          (bounds) => bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? bound)),
          {
            error: "expected bounds in ascending order",
          },
        )
        .default([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
      /** Labels of the series: attributes of the record or labels of its stream, by name. */
      labels: z.array(labelName).default([]),
      /** A record that has none of `labels`, as a line that no parser could read: `skip` it, or `count` it in the series without labels. */
      unlabelled: z.enum(["skip", "count"]).default("skip"),
      /** Only the records of this selector with filters. */
      match: Match.optional(),
    })
    .refine(({ kind, value }) => kind === "counter" || value !== undefined, {
      path: ["value"],
      error: "expected the name of an attribute: a gauge and a histogram need a number",
    }),
);

/**
 * Series made of log records, stored like all others every 15 s. A record without the number or without any of the labels counts as
 * failed; so does one that would need a series beyond the bound.
 */
export const metrics = defineProcessor({
  type: "metrics",
  config: z.lazy(() => z.strictObject({ metrics: z.array(MetricEntry).min(1) })),
  create: ({ metrics: entries }, { clock, metrics: store }) => {
    const own = entries.map(({ value, labels, unlabelled, match, ...metric }) => ({
      from: value,
      labels,
      needsLabel: unlabelled === "skip" && labels.length > 0,
      match,
      isCounter: metric.kind === "counter",
      record: store.recorder(metric, labels),
      // Used again for each record.
      values: labels.map(() => ""),
    }));
    return (records, rows, count) => {
      const nowMs = clock.now();
      for (const { from, labels, needsLabel, match, isCounter, record, values } of own)
        for (const row of rows) {
          if (match !== undefined) {
            const isMatch = withinSteps(count, () => match(records, row));
            if (isMatch === undefined) count.failed++;
            if (isMatch !== true) continue;
          }
          const text = from === undefined ? "1" : records.field(row, from);
          const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
          const isValid = Number.isFinite(value) && (!isCounter || value >= 0);
          let isLabelled = false;
          for (let i = 0; i < labels.length; i++) {
            const label = records.field(row, labels[i] ?? "") ?? "";
            values[i] = label;
            isLabelled ||= label !== "";
          }
          if (!isValid || (needsLabel && !isLabelled) || !record(values, value, nowMs))
            count.failed++;
        }
    };
  },
});
