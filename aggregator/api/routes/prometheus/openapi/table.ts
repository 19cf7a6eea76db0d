import { type Parameter, type Schema, list, parameters, text, texts } from "./params.ts";

/** Answers that are not in the envelope. */
export type Body = "ndjson" | "events" | "yaml" | "remote_read";

export type Method = "get" | "post" | "put";
export type PathEntry = {
  readonly path: string;
  readonly methods: readonly Method[];
  readonly tag: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  /** What `data` of the envelope is, what is answered in its place, or nothing (204). */
  readonly answer: Schema | Body | undefined;
  /** Whether a request may be answered by nothing (204) too. */
  readonly mayBeNothing: boolean;
};

const object: Schema = { type: "object" };
const objects = list(object);
const withKeys = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  required: Object.keys(properties),
  properties,
});
const yaml = withKeys({ yaml: text });
const evaluated = withKeys({ resultType: text, result: { type: "array" } });

type Row = readonly [
  path: string,
  summary: string,
  params?: keyof typeof parameters,
  answer?: PathEntry["answer"],
  mayBeNothing?: boolean,
];

const entries = (tag: string, methods: readonly Method[], rows: readonly Row[]): PathEntry[] =>
  rows.map(([path, summary, params = "none", answer, mayBeNothing = false]) => {
    return { path, methods, tag, summary, parameters: parameters[params], answer, mayBeNothing };
  });
const both = ["get", "post"] as const;
const getting = ["get"] as const;

/** Every path that is served under /api/v1 for Prometheus's clients, in the order of the document. */
export const pathTable: readonly PathEntry[] = [
  ...entries("query", both, [
    ["/query", "Value of an expression at one time", "query", evaluated],
    ["/query_range", "Values of an expression over a range of time", "queryRange", evaluated],
    [
      "/query_exemplars",
      "Exemplars of the series that an expression selects",
      "exemplars",
      objects,
      true,
    ],
    ["/format_query", "An expression laid out", "expression", text],
    ["/parse_query", "Syntax tree of an expression", "expression", object],
  ]),
  ...entries("labels", both, [["/labels", "Names of labels", "labels", texts]]),
  ...entries("labels", getting, [
    ["/label/{name}/values", "Values of a label", "labelValues", texts],
  ]),
  ...entries("search", both, [
    ["/search/metric_names", "Names of metrics that match terms", "searchMetrics", "ndjson"],
    ["/search/label_names", "Names of labels that match terms", "searchLabels", "ndjson"],
    ["/search/label_values", "Values of a label that match terms", "searchValues", "ndjson"],
  ]),
  ...entries("series", both, [["/series", "Series that selectors match", "series", objects]]),
  ...entries("metadata", getting, [
    ["/metadata", "Type, help and unit of metrics", "metadata", object],
  ]),
  ...entries("targets", getting, [
    ["/scrape_pools", "Names of scrape pools", "none", withKeys({ scrapePools: texts })],
    ["/scrape_pools/config", "Configuration of a scrape pool", "scrapePool", yaml],
    ["/targets", "Targets and their state", "targets", object],
    ["/targets/metadata", "Metadata of the metrics of targets", "targetsMetadata", objects],
    ["/targets/relabel_steps", "What relabeling does to labels", "relabelSteps", object],
  ]),
  ...entries("rules", getting, [
    ["/rules", "Groups of rules", "rules", withKeys({ groups: objects })],
    ["/alerts", "Active alerts", "none", withKeys({ alerts: objects })],
    ["/alertmanagers", "Alertmanagers that alerts are sent to", "none", object],
  ]),
  ...entries("status", getting, [
    ["/status/config", "Configuration in effect, without secrets", "none", yaml],
    ["/status/runtimeinfo", "The running process", "none", object],
    ["/status/buildinfo", "Version and build", "none", object],
    ["/status/flags", "Configuration in the names of flags", "none", object],
    ["/status/tsdb", "Size of the head and its largest labels", "tsdb", object],
    ["/status/tsdb/blocks", "Blocks of metrics", "none", withKeys({ blocks: objects })],
    ["/status/walreplay", "Progress of the replay of the log", "none", object],
    ["/status/self_metrics", "Metrics of the server itself", "selfMetrics", objects],
    ["/features", "What there is and what is missing", "none", object],
    ["/notifications", "Notifications that are active", "none", objects],
    ["/notifications/live", "Notifications as they come", "none", "events"],
    ["/openapi.yaml", "This document", "openapi", "yaml"],
  ]),
  ...entries("remote", ["post"], [["/read", "Raw samples by remote read", "none", "remote_read"]]),
  ...entries(
    "admin",
    ["post", "put"],
    [
      ["/admin/tsdb/delete_series", "Deletes samples of series", "deleteSeries"],
      ["/admin/tsdb/clean_tombstones", "Takes what is deleted out of the files"],
      ["/admin/tsdb/snapshot", "Copies all data", "snapshot", withKeys({ name: text })],
    ],
  ),
];
