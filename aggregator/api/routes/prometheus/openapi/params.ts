/** A parameter as OpenAPI has it, of the query string unless it stands in the path. */
export type Parameter = {
  readonly name: string;
  readonly in: "query" | "path";
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
};

/** JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: "string" };
export const list = (items: Schema): Schema => ({ type: "array", items });
export const texts = list(text);
const whole: Schema = { type: "integer", minimum: 0 };
const truth: Schema = { type: "boolean" };
const oneOf = (...values: string[]): Schema => ({ type: "string", enum: values });

const given = (name: string, description: string, schema: Schema = text): Parameter => ({
  name,
  in: "query",
  required: false,
  description,
  schema,
});
const needed = (parameter: Parameter): Parameter => ({ ...parameter, required: true });

const start = given("start", "Start: Unix seconds or RFC 3339.");
const end = given("end", "End: Unix seconds or RFC 3339.");
const match = given("match[]", "Series selector; several are united.", texts);
const limit = given("limit", "Most results; 0 is no limit.", whole);
const query = needed(given("query", "PromQL expression."));
const scrapePool = needed(given("scrapePool", "Name of the scrape pool."));
const evaluation = [
  given("timeout", "Longest time of the evaluation, as a duration or seconds."),
  limit,
  given("lookback_delta", "How far back a sample counts, as a duration or seconds."),
  given("stats", "Asks for statistics of the evaluation.", oneOf("true", "all")),
];
const search = [
  match,
  given("search[]", "Term to be matched; one of several is enough. At most 32.", texts),
  given("fuzz_threshold", "Least score of a match.", { ...whole, maximum: 100, default: 0 }),
  given("fuzz_alg", "How terms are matched.", oneOf("subsequence", "jarowinkler")),
  given("case_sensitive", "Whether upper and lower case differ.", { ...truth, default: true }),
  given("sort_by", "Order of the results.", oneOf("alpha", "score")),
  given("sort_dir", "Direction, where sort_by is alpha.", oneOf("asc", "dsc")),
  given("include_score", "Gives each result its score.", { ...truth, default: false }),
  given("start", "Start: Unix seconds or RFC 3339; an hour ago without it."),
  given("end", "End: Unix seconds or RFC 3339; now without it."),
  given("limit", "Most results.", { ...whole, maximum: 10_000, default: 100 }),
  given("batch_size", "Most results of a line.", { ...whole, default: 100 }),
];

/** Parameters of the paths, by the names of the table. */
export const parameters = {
  none: [],
  query: [query, given("time", "Unix seconds or RFC 3339; now without it."), ...evaluation],
  queryRange: [
    query,
    needed(start),
    needed(end),
    needed(given("step", "Resolution, as a duration or seconds.")),
    ...evaluation,
  ],
  expression: [query],
  exemplars: [query, start, end],
  series: [needed(match), start, end, limit],
  labels: [match, start, end, limit],
  labelValues: [
    { ...needed(given("name", "Name of the label.")), in: "path" },
    match,
    start,
    end,
    limit,
  ],
  metadata: [
    given("metric", "Name of a metric; all without it."),
    given("limit", "Most metrics.", { type: "integer" }),
    given("limit_per_metric", "Most entries of a metric.", { type: "integer" }),
  ],
  searchMetrics: [
    ...search,
    given("include_metadata", "Gives results type, help and unit.", { ...truth, default: false }),
  ],
  searchLabels: search,
  searchValues: [needed(given("label", "Name of the label.")), ...search],
  targets: [
    given("state", "Targets of a state alone.", oneOf("active", "dropped", "any")),
    given("scrapePool", "Targets of a scrape pool alone."),
  ],
  targetsMetadata: [
    given("match_target", "Label selector of targets; all without it."),
    given("metric", "Name of a metric; all without it."),
    given("limit", "Most entries.", { type: "integer" }),
  ],
  scrapePool: [scrapePool],
  relabelSteps: [scrapePool, needed(given("labels", "Labels of the target as a JSON object."))],
  rules: [
    given("type", "Rules of a type alone.", oneOf("alert", "record")),
    given("match[]", "Selector of the rules' labels.", texts),
    given("exclude_alerts", "Leaves active alerts out.", truth),
    given("group_limit", "Most groups.", { type: "integer", minimum: 1 }),
    given("group_next_token", "Where the groups go on."),
  ],
  tsdb: [
    given("limit", "Most entries of each list.", {
      type: "integer",
      minimum: 1,
      maximum: 10_000,
      default: 10,
    }),
  ],
  selfMetrics: [given("metric_name_pattern", "Regular expression of whole names.")],
  deleteSeries: [needed(match), start, end],
  snapshot: [given("skip_head", "Leaves out what is in memory.", truth)],
  openapi: [given("openapi_version", "Version of OpenAPI.", oneOf("3.1", "3.2"))],
} as const satisfies Readonly<Record<string, readonly Parameter[]>>;
