import { expect } from "bun:test";
import { readAssets } from "#agent/integrations/assets.ts";
import { parsePromql } from "#aggregator/query/promql/parse.ts";

/** PromQL of an integration's dashboard, rules and SLOs, and the names that its rules record. Throws where one of the files is not of its form. */
function queriesOf(folder: string): { queries: string[]; recorded: string[] } {
  const { board, rules, slo } = readAssets(folder);
  const queries = [
    ...board.rows.flatMap(({ panels }) =>
      panels.flatMap((panel) =>
        panel.queries.filter(({ datasource }) => datasource === "metrics").map(({ expr }) => expr),
      ),
    ),
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
    ...slo.slos.flatMap(({ sli }) =>
      "raw" in sli ? [sli.raw.error_ratio_query] : [sli.events.error_query, sli.events.total_query],
    ),
  ].map(withoutVariables);
  const recorded = rules.groups.flatMap((group) =>
    group.rules.flatMap((rule) => ("record" in rule ? [rule.record] : [])),
  );
  return { queries, recorded };
}

/**
 * Fails unless every metric that dashboard.yaml, rules.yaml and slo.yaml of an integration name was collected: `samples` by name or `name{...}`.
 * `exceptions`: metrics that this server can't be made to show, each with the reason.
 */
export function expectAssets(
  folder: string,
  samples: Iterable<string>,
  exceptions: Readonly<Record<string, string>> = {},
): void {
  const collected = new Set([...samples].map((key) => key.replace(/\{.*$/s, "")));
  const { queries, recorded } = queriesOf(folder);
  const given = ["up", "scrape_duration_seconds", "scrape_samples_scraped"];
  for (const name of [...given, ...recorded]) collected.add(name);
  const missing = new Set<string>();
  for (const query of queries)
    for (const name of metricNames(query))
      if (!collected.has(name) && !Object.hasOwn(exceptions, name))
        missing.add(`${name} in ${query}`);
  expect([...missing]).toEqual([]);
}

/** Names of the metrics that a query selects; the parser says so where it is not PromQL. */
function metricNames(query: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("matchers" in node && Array.isArray(node.matchers))
      for (const matcher of node.matchers)
        if (matcher?.name === "__name__" && typeof matcher.value === "string")
          names.add(matcher.value);
    for (const child of Object.values(node)) visit(child);
  };
  visit(parsePromql(query).expr);
  return names;
}

/** Grafana's and Sloth's variables become what a query may hold in their places. */
function withoutVariables(query: string): string {
  return query
    .replaceAll(
      /\$__(rate_interval|interval|range)\b|\$\{__(rate_interval|interval|range)\}/g,
      "5m",
    )
    .replaceAll(/\{\{\s*\.window\s*\}\}/g, "5m")
    .replaceAll(/\$\{?\w+\}?/g, "x");
}
