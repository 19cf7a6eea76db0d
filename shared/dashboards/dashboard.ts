import { z } from "zod";

/** Hosts and series may be many; a dashboard is written by a person. Beyond these it is refused with a word. */
const limits = { panels: 500, queries: 50, text: 100_000, options: 10_000 } as const;

const text = z.string().max(limits.text);
const name = z.string().min(1).max(200);
/** A kind's own options: checked by the kind, which alone knows them (ui/panels). */
const Own = z.record(z.string(), z.unknown());

/** `value` null is minus infinity: the colour below the first real step. Colours are names of the palette or CSS hex. */
const Thresholds = z.strictObject({
  mode: z.enum(["absolute", "percentage"]).default("absolute"),
  steps: z.array(z.strictObject({ value: z.number().nullable(), color: z.string().max(64) })),
});
export type Thresholds = z.output<typeof Thresholds>;

const MappingResult = z.strictObject({
  text: text.optional(),
  color: z.string().max(64).optional(),
  icon: z.string().max(200).optional(),
});
const Mapping = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("value"), value: z.string(), result: MappingResult }),
  z.strictObject({
    kind: z.literal("range"),
    from: z.number().nullable(),
    to: z.number().nullable(),
    result: MappingResult,
  }),
  z.strictObject({
    kind: z.literal("regex"),
    pattern: z.string().max(1_000),
    result: MappingResult,
  }),
  z.strictObject({
    kind: z.literal("special"),
    match: z.enum(["true", "false", "null", "nan", "null+nan", "empty"]),
    result: MappingResult,
  }),
]);
export type Mapping = z.output<typeof Mapping>;

/** A link of a panel or of its data; `url` in Grafana's syntax with `${__field.labels.x}`, `${__value.raw}` and variables. */
const DataLink = z.strictObject({
  title: text,
  url: text,
  new_tab: z.boolean().default(false),
});
export type DataLink = z.output<typeof DataLink>;

/** What any field of any panel can have: Grafana's standard options. */
export const FieldOptions = z.strictObject({
  display_name: text.optional(),
  description: text.optional(),
  /** Grafana's unit ids. */
  unit: z.string().max(100).optional(),
  decimals: z.int().min(0).max(20).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  no_value: text.optional(),
  filterable: z.boolean().optional(),
  color: z
    .strictObject({
      /** Grafana's mode ids: palette-classic, fixed, thresholds, continuous-GrYlRd, shades and others. */
      mode: z.string().max(64),
      fixed: z.string().max(64).optional(),
      by: z.enum(["last", "min", "max"]).optional(),
    })
    .optional(),
  thresholds: Thresholds.optional(),
  mappings: z.array(Mapping).max(1_000).optional(),
  links: z.array(DataLink).max(50).optional(),
  /** The panel kind's own options of a field, such as how a line is drawn. */
  custom: Own.optional(),
});
export type FieldOptions = z.output<typeof FieldOptions>;

const Override = z.strictObject({
  match: z.strictObject({
    by: z.enum(["name", "names", "others", "regex", "type", "query", "value"]),
    /** A name, names joined by a comma (of `others` those it is not for), a pattern, a field type, a query's ref, or a condition such as "last > 5". */
    value: text,
  }),
  set: FieldOptions,
});
export type Override = z.output<typeof Override>;

export const PanelQuery = z.strictObject({
  /** "A", "B": what transformations and overrides call it. */
  ref: name,
  /** The language of `expr`; `panel` takes another panel's answer, `expression` computes over the other queries. */
  source: z
    .enum(["metrics", "logs", "sql", "panel", "expression", "unsupported"])
    .default("metrics"),
  /** Text in its language, with variables in Grafana's syntax. */
  expr: text.default(""),
  /** Name of each series: {{label}} for its labels. */
  legend: text.optional(),
  /** One value at the end of the range, or the range. */
  instant: z.boolean().optional(),
  /** With `instant`: the range, too. Tables show the one value, other kinds the range and what only the one value has. */
  range: z.boolean().optional(),
  format: z.enum(["time_series", "table", "heatmap"]).default("time_series"),
  /** The smallest step, as a duration. */
  step_min: z.string().max(50).optional(),
  hidden: z.boolean().optional(),
  /** Of logs: lines at most. */
  limit: z.int().min(1).max(100_000).optional(),
  /** What the source needs besides: of `panel` its id, of `expression` its kind, of `unsupported` the data source's type. */
  options: Own.optional(),
});
export type PanelQuery = z.output<typeof PanelQuery>;

/** `id` and `options` are Grafana's. */
const Transformation = z.strictObject({
  id: name,
  disabled: z.boolean().optional(),
  options: Own.default({}),
});
export type Transformation = z.output<typeof Transformation>;

const Link = z.strictObject({
  title: text,
  kind: z.enum(["url", "dashboards"]).default("url"),
  url: text.optional(),
  /** Of `dashboards`: those with all of these tags. */
  tags: z.array(name).default([]),
  dropdown: z.boolean().optional(),
  new_tab: z.boolean().optional(),
  keep_time: z.boolean().optional(),
  keep_variables: z.boolean().optional(),
  tooltip: text.optional(),
});
export type DashboardLink = z.output<typeof Link>;

/** In columns of 24 and rows of 30 pixels, from the top of the panel's row. */
const Place = z.strictObject({
  x: z.int().min(0).max(23),
  y: z.int().min(0).max(10_000),
  w: z.int().min(1).max(24),
  h: z.int().min(1).max(100),
});
export type Place = z.output<typeof Place>;

export const Panel = z.strictObject({
  /** Unique in the dashboard; stays through edits. */
  id: z.int().min(1),
  /** Id of a panel kind (ui/panels); an unknown one is kept, and shown as what it is. */
  kind: name,
  title: text.default(""),
  description: text.optional(),
  place: Place,
  queries: z.array(PanelQuery).max(limits.queries).default([]),
  transformations: z.array(Transformation).max(100).default([]),
  field: FieldOptions.default({}),
  overrides: z.array(Override).max(500).default([]),
  options: Own.default({}),
  /** One copy for each chosen value of the variable. */
  repeat: z
    .strictObject({
      variable: name,
      direction: z.enum(["across", "down"]).default("across"),
      per_row: z.int().min(1).max(24).optional(),
    })
    .optional(),
  /** A range of its own: `from` as in the URL, `shift` a duration back. */
  time: z
    .strictObject({
      from: z.string().max(100).optional(),
      shift: z.string().max(100).optional(),
      hide_note: z.boolean().optional(),
    })
    .optional(),
  /** The smallest step of all queries, as a duration or a variable; and points at most. */
  step_min: z.string().max(50).optional(),
  points_max: z.int().min(1).max(100_000).optional(),
  links: z.array(Link).max(50).default([]),
  transparent: z.boolean().optional(),
});
export type Panel = z.output<typeof Panel>;

/** A band of panels under a title. The first may have no title: then it has no head, and can't be closed. */
const Row = z.strictObject({
  id: z.int().min(1),
  title: text.default(""),
  closed: z.boolean().default(false),
  repeat: name.optional(),
  panels: z.array(Panel).default([]),
});
export type Row = z.output<typeof Row>;

const variableBase = {
  /** As in expressions: $name, ${name:format}, [[name]]. */
  name: z.string().regex(/^\w{1,100}$/, "expected letters, digits and underscores"),
  label: text.optional(),
  description: text.optional(),
  hide: z.enum(["no", "label", "all"]).default("no"),
};
const choice = {
  multi: z.boolean().default(false),
  include_all: z.boolean().default(false),
  /** What "all" stands for in expressions; by default every value. */
  all_value: text.optional(),
  /** Chosen when nothing is in the URL; "$__all" is all. */
  current: z.array(text).default([]),
};
const Option = z.strictObject({ text: text, value: text });

export const Variable = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("query"),
    ...variableBase,
    ...choice,
    source: z.enum(["metrics", "logs", "sql", "unsupported"]).default("metrics"),
    /** label_values(metric, label), label_names(), metrics(regex), query_result(expr), or an expression. */
    query: text,
    /** Keeps what matches; the groups `text` and `value`, or the first group, name and give it. */
    regex: text.optional(),
    sort: z
      .enum([
        "none",
        "asc",
        "desc",
        "num_asc",
        "num_desc",
        "ci_asc",
        "ci_desc",
        "nat_asc",
        "nat_desc",
      ])
      .default("none"),
    refresh: z.enum(["load", "range"]).default("load"),
  }),
  z.strictObject({
    kind: z.literal("custom"),
    ...variableBase,
    ...choice,
    options: z.array(Option).max(limits.options),
  }),
  z.strictObject({ kind: z.literal("constant"), ...variableBase, value: text }),
  z.strictObject({ kind: z.literal("text"), ...variableBase, value: text.default("") }),
  z.strictObject({
    kind: z.literal("interval"),
    ...variableBase,
    /** Durations. */
    options: z.array(z.string().max(50)).max(limits.options),
    /** An option "auto" that divides the range into so many steps of at least so long. */
    auto: z.strictObject({ steps: z.int().min(1), min: z.string().max(50) }).optional(),
    current: z.string().default(""),
  }),
  /** Lapwing is the one source of each language: kept so that "$datasource" in expressions has a value. */
  z.strictObject({
    kind: z.literal("datasource"),
    ...variableBase,
    ...choice,
    type: z.string().max(200),
  }),
  /** Label conditions that a person adds to every query of the page. */
  z.strictObject({
    kind: z.literal("filters"),
    ...variableBase,
    current: z
      .array(
        z.strictObject({
          label: name,
          op: z.enum(["=", "!=", "=~", "!~"]),
          value: text,
        }),
      )
      .max(100)
      .default([]),
  }),
]);
export type Variable = z.output<typeof Variable>;

const Annotation = z.strictObject({
  name: text,
  enabled: z.boolean().default(true),
  hidden: z.boolean().default(false),
  color: z.string().max(64).default("accent"),
  /** `stored` are those made by hand; the others come from an expression: a point where its value is not zero, or each line. */
  source: z.enum(["stored", "metrics", "logs", "unsupported"]),
  expr: text.default(""),
  step: z.string().max(50).optional(),
  title: text.optional(),
  text: text.optional(),
  tags: z.array(name).max(50).default([]),
  /** Ids of the panels that show it; all where empty. */
  panels: z.array(z.int()).default([]),
});
export type Annotation = z.output<typeof Annotation>;

/** A dashboard as it is stored, and as a person keeps it as code in JSON or YAML. */
export const Dashboard = z
  .strictObject({
    /** Of this format. */
    version: z.literal(1).default(1),
    title: name,
    description: text.optional(),
    tags: z.array(name).max(100).default([]),
    /** As in the URL: "now-6h", "now". */
    time: z
      .strictObject({ from: z.string().max(100), to: z.string().max(100) })
      .default({ from: "now-1h", to: "now" }),
    /** "30s"; empty for none. */
    refresh: z.string().max(20).default(""),
    /** browser, utc or an IANA name. */
    time_zone: z.string().max(100).default("browser"),
    crosshair: z.enum(["off", "line", "tooltip"]).default("line"),
    variables: z.array(Variable).max(200).default([]),
    annotations: z.array(Annotation).max(100).default([]),
    links: z.array(Link).max(100).default([]),
    rows: z.array(Row).max(200).default([]),
  })
  .superRefine((dashboard, context) => {
    const panels = dashboard.rows.flatMap((row) => row.panels);
    if (panels.length > limits.panels) {
      context.addIssue({
        code: "custom",
        path: ["rows"],
        message: `${panels.length} panels, expected at most ${limits.panels}`,
      });
    }
    const seen = new Set<number>();
    for (const { id } of [...panels, ...dashboard.rows]) {
      if (seen.has(id)) {
        const message = `two panels or rows have the id ${id}, expected each once`;
        context.addIssue({ code: "custom", path: ["rows"], message });
      }
      seen.add(id);
    }
  });
export type Dashboard = z.output<typeof Dashboard>;
