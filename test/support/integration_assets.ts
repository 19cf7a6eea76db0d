import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "bun:test";
import { z } from "zod";
import { parsePromql } from "#aggregator/query/promql/parse.ts";
import { Board } from "#shared/dashboards/board.ts";

const Rules = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z.string(),
        interval: z.string().optional(),
        rules: z
          .array(
            z.union([
              z.strictObject({
                alert: z.string().regex(/^[A-Z][A-Za-z0-9]+$/),
                expr: z.string(),
                for: z.string().optional(),
                keep_firing_for: z.string().optional(),
                labels: z.object({ severity: z.enum(["critical", "warning", "info"]) }),
                annotations: z.object({ summary: z.string(), description: z.string() }),
              }),
              z.strictObject({
                record: z.string(),
                expr: z.string(),
                labels: z.object({}).optional(),
              }),
            ]),
          )
          .min(1),
      }),
    )
    .min(1),
});

/** Sloth's prometheus/v1. */
const Slo = z.strictObject({
  version: z.literal("prometheus/v1"),
  service: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
  slos: z
    .array(
      z.strictObject({
        name: z.string(),
        objective: z.number().gt(0).lt(100),
        description: z.string(),
        labels: z.record(z.string(), z.string()).optional(),
        sli: z.union([
          z.strictObject({
            events: z.strictObject({ error_query: z.string(), total_query: z.string() }),
          }),
          z.strictObject({ raw: z.strictObject({ error_ratio_query: z.string() }) }),
        ]),
        alerting: z.looseObject({ name: z.string() }),
      }),
    )
    .min(1),
});

/** PromQL of an integration's dashboard, rules and SLOs, and the names that its rules record. Throws where one of the files is not of its form. */
function readAssets(folder: string): { queries: string[]; recorded: string[] } {
  const read = (name: string): unknown => Bun.YAML.parse(readFileSync(join(folder, name), "utf8"));
  const board = Board.parse(read("dashboard.yaml"));
  const rules = Rules.parse(read("rules.yaml"));
  const slo = Slo.parse(read("slo.yaml"));
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
  const { queries, recorded } = readAssets(folder);
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
