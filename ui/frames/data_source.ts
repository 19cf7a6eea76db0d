import { assertNever } from "#shared/assert.ts";

/** What panels, variables and annotations can ask the aggregator for. */
export type DataSource = "metrics" | "logs";

/** Dashboards have sources that nothing is asked of, too: expressions, other panels, those of other products. */
export function isDataSource(source: string): source is DataSource {
  return source === "metrics" || source === "logs";
}

/** The language that a source is asked in. */
export function languageOf(source: DataSource): "promql" | "logql" {
  switch (source) {
    case "metrics":
      return "promql";
    case "logs":
      return "logql";
    default:
      return assertNever(source);
  }
}
