import { z } from "zod";
import type { OptionMeta } from "../../options/option_meta.ts";

const meta = (about: OptionMeta): OptionMeta => about;
const lines = { option: "draw", is: ["lines"] };
const drawn = { option: "draw", is: ["lines", "bars"] };

/** How a series is drawn in a graph: the options of a field of the kinds that draw one. */
export const GraphStyle = z.strictObject({
  draw: z
    .enum(["lines", "bars", "points"])
    .default("lines")
    .meta(meta({ title: "Draw as", group: "Series" })),
  line: z
    .enum(["linear", "smooth", "step_before", "step_after"])
    .default("linear")
    .meta(
      meta({
        title: "Line",
        group: "Series",
        when: lines,
        names: { step_before: "step before", step_after: "step after" },
      }),
    ),
  line_width: z
    .number()
    .min(0)
    .max(10)
    .default(1.5)
    .meta(meta({ title: "Line width", group: "Series", editor: "slider", when: drawn })),
  dash: z
    .enum(["auto", "solid", "dashed", "dotted"])
    .default("auto")
    .meta(
      meta({
        title: "Line style",
        description: "Auto dashes lines where colours run out.",
        group: "Series",
        when: lines,
      }),
    ),
  fill_opacity: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .meta(meta({ title: "Fill opacity", group: "Series", editor: "slider", when: drawn })),
  gradient: z
    .enum(["none", "opacity", "hue", "scheme"])
    .default("none")
    .meta(meta({ title: "Gradient", group: "Series", when: drawn })),
  points: z
    .enum(["auto", "always", "never"])
    .default("auto")
    .meta(meta({ title: "Points", group: "Series", when: lines })),
  point_size: z
    .number()
    .min(1)
    .max(40)
    .default(5)
    .meta(meta({ title: "Point size", group: "Series", editor: "slider" })),
  bar_width: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.8)
    .meta(
      meta({
        title: "Bar width",
        group: "Series",
        editor: "slider",
        when: { option: "draw", is: ["bars"] },
      }),
    ),
  bar_align: z
    .enum(["center", "before", "after"])
    .default("center")
    .meta(meta({ title: "Bar place", group: "Series", when: { option: "draw", is: ["bars"] } })),
  nulls: z
    .enum(["gap", "connect", "connect_below"])
    .default("gap")
    .meta(
      meta({
        title: "Where there is no value",
        group: "Series",
        names: { connect_below: "connect short gaps" },
        when: lines,
      }),
    ),
  nulls_below_ms: z
    .number()
    .min(0)
    .default(3_600_000)
    .meta(
      meta({
        title: "Connect gaps shorter than (ms)",
        group: "Series",
        when: { option: "nulls", is: ["connect_below"] },
      }),
    ),
  stack: z
    .enum(["none", "normal", "percent"])
    .default("none")
    .meta(meta({ title: "Stack", group: "Series", names: { percent: "100 %" } })),
  stack_group: z
    .string()
    .max(100)
    .default("A")
    .meta(
      meta({
        title: "Stack group",
        group: "Series",
        when: { option: "stack", is: ["normal", "percent"] },
      }),
    ),
  negative: z
    .boolean()
    .default(false)
    .meta(meta({ title: "Draw downwards", group: "Series" })),
  fill_below_to: z
    .string()
    .max(500)
    .default("")
    .meta(
      meta({
        title: "Fill down to the series",
        group: "Series",
        editor: "field_name",
        when: lines,
      }),
    ),
  hidden: z
    .boolean()
    .default(false)
    .meta(meta({ title: "Hide in the graph", group: "Hide" })),
  hidden_in_legend: z
    .boolean()
    .default(false)
    .meta(meta({ title: "Hide in the legend", group: "Hide" })),
  hidden_in_tooltip: z
    .boolean()
    .default(false)
    .meta(meta({ title: "Hide in the tooltip", group: "Hide" })),
  axis: z
    .enum(["auto", "left", "right", "hidden"])
    .default("auto")
    .meta(meta({ title: "Axis", group: "Axis" })),
  axis_label: z
    .string()
    .max(200)
    .default("")
    .meta(meta({ title: "Axis label", group: "Axis" })),
  axis_width: z
    .number()
    .min(0)
    .max(500)
    .default(0)
    .meta(meta({ title: "Axis width", description: "0 fits the words.", group: "Axis" })),
  soft_min: z
    .number()
    .nullable()
    .default(null)
    .meta(
      meta({ title: "Soft min", description: "The axis reaches at least to it.", group: "Axis" }),
    ),
  soft_max: z
    .number()
    .nullable()
    .default(null)
    .meta(meta({ title: "Soft max", group: "Axis" })),
  scale: z
    .enum(["linear", "log", "symlog"])
    .default("linear")
    .meta(meta({ title: "Scale", group: "Axis" })),
  log_base: z
    .union([z.literal(2), z.literal(10)])
    .default(10)
    .meta(meta({ title: "Log base", group: "Axis", when: { option: "scale", is: ["log"] } })),
  symlog_threshold: z
    .number()
    .positive()
    .default(1)
    .meta(
      meta({
        title: "Linear below",
        group: "Axis",
        when: { option: "scale", is: ["symlog"] },
      }),
    ),
  centered_zero: z
    .boolean()
    .default(false)
    .meta(meta({ title: "Zero in the middle", group: "Axis" })),
  grid: z
    .enum(["auto", "on", "off"])
    .default("auto")
    .meta(meta({ title: "Grid lines", group: "Axis" })),
  thresholds: z
    .enum(["off", "line", "dashed", "area", "line_area", "dashed_area"])
    .default("off")
    .meta(
      meta({
        title: "Show thresholds",
        group: "Thresholds",
        names: { line_area: "line and area", dashed_area: "dashed line and area" },
      }),
    ),
});
export type GraphStyle = z.output<typeof GraphStyle>;

/** What stands around a graph: legend, tooltip and limits. */
export const GraphOptions = z.strictObject({
  legend: z
    .enum(["table", "list", "hidden"])
    .default("table")
    .meta(
      meta({ title: "Legend", description: "Hidden where there is one series.", group: "Legend" }),
    ),
  legend_at: z
    .enum(["bottom", "right"])
    .default("bottom")
    .meta(meta({ title: "Place", group: "Legend" })),
  legend_calcs: z
    .array(z.string().max(50))
    .max(20)
    .default(["lastNotNull", "min", "max", "mean"])
    .meta(meta({ title: "Figures", group: "Legend", editor: "reducers" })),
  legend_sort: z
    .string()
    .max(50)
    .default("")
    .meta(
      meta({
        title: "Sort by",
        description: "A figure, or name; empty for the query's order.",
        group: "Legend",
      }),
    ),
  legend_down: z
    .boolean()
    .default(true)
    .meta(meta({ title: "Largest first", group: "Legend" })),
  tooltip: z
    .enum(["all", "single", "off"])
    .default("all")
    .meta(
      meta({
        title: "Tooltip",
        group: "Tooltip",
        names: { all: "all series", single: "nearest series" },
      }),
    ),
  tooltip_sort: z
    .enum(["down", "up", "none"])
    .default("down")
    .meta(
      meta({
        title: "Order",
        group: "Tooltip",
        names: { down: "largest first", up: "smallest first" },
      }),
    ),
  tooltip_zeros: z
    .boolean()
    .default(true)
    .meta(meta({ title: "Show zeros", group: "Tooltip" })),
  series_max: z
    .int()
    .min(1)
    .max(1_000)
    .default(100)
    .meta(
      meta({
        title: "Series drawn",
        description: "Of more, the largest are drawn, and a word says so.",
        group: "Limits",
        editor: "slider",
      }),
    ),
});
export type GraphOptions = z.output<typeof GraphOptions>;
