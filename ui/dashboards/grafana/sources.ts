import { isRecord, recordsOf, recordOf, textOr, type Source } from "./read.ts";

/** What a data source of Grafana is here. */
export type SourceKind =
  | { readonly kind: "metrics" | "logs" | "panel" | "expression" | "mixed" | "grafana" | "unknown" }
  | { readonly kind: "unsupported"; readonly type: string };

export type SourceOf = (datasource: unknown) => SourceKind;

/** Data source types whose language is Lapwing's. */
const metricTypes = [
  "prometheus",
  "grafana-amazonprometheus-datasource",
  "grafana-azureprometheus-datasource",
  "victoriametrics-datasource",
  "victoriametrics-metrics-datasource",
  "mimir",
  "cortex",
  "thanos",
];
const byType: ReadonlyMap<string, SourceKind> = new Map<string, SourceKind>([
  ...metricTypes.map((type) => [type, { kind: "metrics" }] as const),
  ["loki", { kind: "logs" }],
  ["__expr__", { kind: "expression" }],
  ["-- Dashboard --", { kind: "panel" }],
  ["-- Mixed --", { kind: "mixed" }],
  ["mixed", { kind: "mixed" }],
  ["-- Grafana --", { kind: "grafana" }],
  ["grafana", { kind: "grafana" }],
  // In schemas before 33 the server's expressions had the type of their data source.
  ["__expression__", { kind: "expression" }],
]);

/** Reads data sources of one dashboard: its inputs and its variables say what "$datasource" and "${DS_PROMETHEUS}" are. */
export function sourceReader(dashboard: Source): SourceOf {
  const types = new Map<string, string>();
  for (const input of recordsOf(dashboard["__inputs"])) {
    const [name, type] = [textOr(input["name"]), textOr(input["pluginId"])];
    if (name !== undefined && type !== undefined) types.set(name, type);
  }
  for (const variable of recordsOf(recordOf(dashboard["templating"])["list"])) {
    const [name, type] = [textOr(variable["name"]), textOr(variable["query"])];
    if (variable["type"] === "datasource" && name !== undefined && type !== undefined)
      types.set(name, type);
  }
  return (datasource) => {
    if (isRecord(datasource)) {
      const [type, uid] = [textOr(datasource["type"]), textOr(datasource["uid"])];
      const special = uid === undefined ? undefined : byType.get(uid);
      if (special !== undefined && special.kind !== "metrics") return special;
      if (type === "datasource") return { kind: "grafana" };
      return type === undefined ? named(uid, types) : typed(resolved(type, types));
    }
    return named(textOr(datasource), types);
  };
}

function typed(type: string): SourceKind {
  return byType.get(type) ?? { kind: "unsupported", type };
}

function resolved(text: string, types: ReadonlyMap<string, string>): string {
  const variable = /^\$\{?(\w+)/.exec(text)?.[1];
  return variable === undefined ? text : (types.get(variable) ?? text);
}

/** By a name that people gave: only those that name their type are known. */
function named(name: string | undefined, types: ReadonlyMap<string, string>): SourceKind {
  if (name === undefined) return { kind: "unknown" };
  const type = resolved(name, types);
  const known = byType.get(type);
  if (known !== undefined) return known;
  if (type !== name && !type.startsWith("$")) return { kind: "unsupported", type };
  const word = type.toLowerCase();
  if (word.includes("loki")) return { kind: "logs" };
  return /prom|mimir|thanos|cortex|victoria/.test(word) ? { kind: "metrics" } : { kind: "unknown" };
}

/**
 * The language of an expression whose data source is not known: LogQL has a selector without a name, in front of stages or within a
 * function of its own. Looks at a few letters around each selector: expressions may be long, and made to be slow.
 */
export function languageOf(expr: string, panelType: string): "metrics" | "logs" {
  if (panelType === "logs") return "logs";
  let [from, isLogs] = [0, false];
  for (let selectors = 0; selectors < selectorsMax; selectors += 1) {
    const start = expr.indexOf("{", from);
    const end = start < 0 ? -1 : expr.indexOf("}", start);
    if (end < 0) break;
    const selector = expr.slice(start, Math.min(end, start + aroundMax));
    if (/\b__name__\b/.test(selector)) return "metrics";
    const before = expr.slice(Math.max(0, start - 30), start).trimEnd();
    const after = expr.slice(end + 1, end + 1 + aroundMax).trimStart();
    const isNamed = /[\w:]$/.test(before) && !/\b(?:and|or|unless|bool)$/i.test(before);
    isLogs ||= (!isNamed && stages.test(after)) || functions.test(before);
    from = end + 1;
  }
  return isLogs ? "logs" : "metrics";
}

const selectorsMax = 50;
const aroundMax = 200;
const stages =
  /^(?:\|[=~>]|\|\s*(?:json|logfmt|pattern|regexp|unpack|decolorize|line_format|label_format|drop|keep|unwrap)\b|\|\s*\w+\s*[=!<>]|!~|!=\s*(?:["`]|ip\()|!>)/;
const functions = /(?:count_over_time|bytes_over_time|bytes_rate|rate)\s*\($/;
