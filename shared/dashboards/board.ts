import { z } from "zod";

const Level = z.enum(["ok", "info", "warning", "critical"]);

/** A threshold of a panel: from `value` on the level counts. */
const Threshold = z.strictObject({ value: z.number(), level: Level });

const Query = z.strictObject({
  /** PromQL, or LogQL where `datasource` is logs; variables in Grafana's syntax. */
  expr: z.string().min(1),
  /** Name of its series, labels as {{label}}. */
  legend: z.string().optional(),
  /** One value now, instead of a range. */
  instant: z.boolean().optional(),
  datasource: z.enum(["metrics", "logs"]).default("metrics"),
});

/** Words in the place of values, such as 0: down, 1: up. */
const Words = z.record(z.string().regex(/^-?\d+(\.\d+)?$/, "expected a number"), z.string().min(1));

const Column = z.strictObject({
  /** A label, or "Value"; of several queries "Value #A", "Value #B" and so on. */
  from: z.string().min(1),
  title: z.string().min(1),
  unit: z.string().optional(),
  decimals: z.int().min(0).max(10).optional(),
  /** In pixels; the others share what is left. */
  width: z.int().min(40).max(1_000).optional(),
  words: Words.default({}),
  thresholds: z.array(Threshold).default([]),
});

const Panel = z.strictObject({
  title: z.string().min(1),
  type: z.enum([
    "timeseries",
    "stat",
    "gauge",
    "bargauge",
    "table",
    "heatmap",
    "logs",
    "state_timeline",
    "text",
  ]),
  description: z.string().optional(),
  /** Grafana's unit ids. */
  unit: z.string().default("short"),
  /** Columns of 24: 12, of a stat 4. */
  width: z.int().min(1).max(24).optional(),
  /** In rows of about 30 pixels: 8, of a stat 4. */
  height: z.int().min(2).max(40).optional(),
  stack: z.boolean().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  decimals: z.int().min(0).max(10).optional(),
  thresholds: z.array(Threshold).default([]),
  words: Words.default({}),
  /** Of series that say how well it goes, by their names: 5xx: critical. The others have any colour. */
  levels: z.record(z.string(), Level).default({}),
  /** What a table shows, from left to right; without any, each label and each value. */
  columns: z.array(Column).default([]),
  /** What it says where its queries give nothing, if that is no lack of data: "No unit failed". */
  none: z.string().min(1).optional(),
  /** Markdown of a text panel. */
  text: z.string().optional(),
  queries: z.array(Query).default([]),
});

const Variable = z.strictObject({
  name: z.string().regex(/^[a-z_][a-z0-9_]*$/, "expected a variable's name"),
  /** As in Grafana: label_values(metric, label). */
  query: z.string().min(1),
  label: z.string().optional(),
});

/** A dashboard as a person writes it: rows of panels, placed one after the other. */
export const Board = z.strictObject({
  title: z.string().min(1),
  description: z.string().optional(),
  tags: z.array(z.string()).default([]),
  variables: z.array(Variable).default([]),
  rows: z.array(z.strictObject({ title: z.string().min(1), panels: z.array(Panel).min(1) })).min(1),
});
export type Board = z.output<typeof Board>;
