import type { DataSource } from "../../frames/data_source.ts";

/** What a query variable asks the aggregator, read from Grafana's words for it. */
export type VariableQuestion =
  | {
      readonly ask: "label_values";
      readonly source: DataSource;
      readonly label: string;
      /** A selector or a metric's name; undefined for all series. */
      readonly match: string | undefined;
    }
  | {
      readonly ask: "label_names";
      readonly source: DataSource;
      readonly match: string | undefined;
    }
  /** Names of metrics that match a regular expression. */
  | { readonly ask: "metrics"; readonly pattern: string }
  /** Each answer as text: `metric{label="value"} value milliseconds`. */
  | { readonly ask: "query_result"; readonly source: DataSource; readonly expr: string }
  /** Each series as text: `metric{label="value"}`. */
  | { readonly ask: "series"; readonly match: string };

/** Reads label_values(…), label_names(), metrics(…), query_result(…), or a selector, with variables filled in. */
export function parseVariableQuery(query: string, source: DataSource): VariableQuestion {
  const text = query.trim();
  const [, name, inside] = /^(label_values|label_names|metrics|query_result)\((.*)\)\s*$/s.exec(
    text,
  ) ?? [undefined, undefined, ""];
  const argument = (inside ?? "").trim();
  switch (name) {
    case "label_values":
      return labelValues(argument, source);
    case "label_names":
      return { ask: "label_names", source, match: argument === "" ? undefined : argument };
    case "metrics":
      return { ask: "metrics", pattern: argument };
    case "query_result":
      return { ask: "query_result", source, expr: argument };
    default:
      return { ask: "series", match: text };
  }
}

/** The label stands after the last comma; commas before it belong to the selector. */
function labelValues(argument: string, source: DataSource): VariableQuestion {
  const comma = argument.lastIndexOf(",");
  const label = argument.slice(comma + 1).trim();
  const match = comma < 0 ? undefined : argument.slice(0, comma).trim();
  return { ask: "label_values", source, label, match: match === "" ? undefined : match };
}
