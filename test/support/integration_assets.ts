import { expect } from "bun:test";
import { readAssets } from "#agent/integrations/assets.ts";
import { metricNames, withoutVariables } from "./board_queries.ts";

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
