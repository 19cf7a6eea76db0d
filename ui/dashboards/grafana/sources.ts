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
 * function of its own.
 */
export function languageOf(expr: string, panelType: string): "metrics" | "logs" {
  if (panelType === "logs") return "logs";
  if (/\{[^}]*\b__name__\b/.test(expr)) return "metrics";
  return stages.test(expr) || counts.test(expr) ? "logs" : "metrics";
}

const stages =
  /(?:^|[^\w:\s])\s*\{[^}]*\}\s*(?:\|[=~>]|\|\s*(?:json|logfmt|pattern|regexp|unpack|decolorize|line_format|label_format|drop|keep|unwrap|\w+\s*[=!<>])|!~|!=\s*(?:["`]|ip\()|!>)/;
const counts = /(?:count_over_time|bytes_over_time|bytes_rate|rate)\s*\(\s*\{/;
