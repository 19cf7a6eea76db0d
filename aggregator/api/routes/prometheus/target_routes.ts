import { Hono } from "hono";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";
import type { MetricsSource } from "#aggregator/read/source.ts";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { compileMatchers } from "#aggregator/read/matching.ts";
import { answering, invalidParameter } from "./answer.ts";
import { relabelSteps } from "./relabel_steps.ts";

/** One target as /targets shows it; times RFC 3339, durations seconds or Prometheus's text. */
export type ActiveTarget = {
  readonly discoveredLabels: Labels;
  readonly labels: Labels;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly globalUrl: string;
  readonly lastError: string;
  readonly lastScrape: string;
  readonly lastScrapeDuration: number;
  readonly health: "up" | "down" | "unknown";
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
};
type DroppedTarget = { readonly discoveredLabels: Labels; readonly scrapePool: string };
export type Targets = {
  readonly active: readonly ActiveTarget[];
  readonly dropped: readonly DroppedTarget[];
};

export type TargetParts = {
  /** Configurations of the scrape pools by name, as YAML. */
  readonly pools: (request: Request) => ReadonlyMap<string, string>;
  readonly targets: (request: Request) => Promise<Targets> | Targets;
  readonly metrics: MetricsSource;
  readonly tenant: (request: Request) => string;
  readonly clock: Clock;
};

/** /targets, /targets/metadata, /targets/relabel_steps, /scrape_pools, /scrape_pools/config. */
export function targetRoutes(parts: TargetParts): Hono {
  const app = new Hono();
  app.get(
    "/targets",
    answering(async (c) => {
      // From the URL alone, as in Prometheus.
      const state = (c.req.query("state") ?? "").toLowerCase();
      const pool = c.req.query("scrapePool") ?? "";
      const targets = await parts.targets(c.req.raw);
      return { dataJson: targetsJson(targets, state, pool) };
    }),
  );
  app.get(
    "/scrape_pools",
    answering(async (c) => {
      const { active, dropped } = await parts.targets(c.req.raw);
      const pools = new Set([...active, ...dropped].map(({ scrapePool }) => scrapePool));
      return { dataJson: JSON.stringify({ scrapePools: [...pools].toSorted() }) };
    }),
  );
  app.get(
    "/scrape_pools/config",
    answering(async (c) => {
      const pool = given(c.req.query("scrapePool"), "scrapePool");
      return { dataJson: JSON.stringify({ yaml: poolConfig(parts.pools(c.req.raw), pool) }) };
    }),
  );
  app.get(
    "/targets/relabel_steps",
    answering(async (c) => {
      const pool = given(c.req.query("scrapePool"), "scrapePool");
      const labels = given(c.req.query("labels"), "labels");
      const steps = relabelSteps(poolConfig(parts.pools(c.req.raw), pool), labels);
      return { dataJson: JSON.stringify({ steps }) };
    }),
  );
  app.get(
    "/targets/metadata",
    answering(async (c) => {
      const limit = countOf(c.req.query("limit") ?? "");
      const matches = targetTest(c.req.query("match_target") ?? "");
      const { active } = await parts.targets(c.req.raw);
      const wanted = active.filter(({ labels }) => matches(labels));
      const found = await metadataOf(wanted, c.req.query("metric") ?? "", limit, parts, c.req.raw);
      return { dataJson: JSON.stringify(found) };
    }),
  );
  return app;
}

function given(value: string | undefined, name: string): string {
  if (value !== undefined && value !== "") return value;
  throw new PromqlError("bad_data", `no ${name} parameter provided`);
}

function poolConfig(pools: ReadonlyMap<string, string>, pool: string): string {
  const yaml = pools.get(pool);
  if (yaml !== undefined) return yaml;
  throw new PromqlError("bad_data", `unknown scrape pool "${pool}"`);
}

function targetsJson({ active, dropped }: Targets, state: string, pool: string): string {
  const shows = (wanted: string): boolean => state === "" || state === "any" || state === wanted;
  const inPool = ({ scrapePool }: { readonly scrapePool: string }): boolean =>
    pool === "" || scrapePool === pool;
  const pools = Object.groupBy(dropped, ({ scrapePool }) => scrapePool);
  const counts = Object.fromEntries(
    Object.entries(pools).map(([name, all]) => [name, all?.length ?? 0]),
  );
  return JSON.stringify({
    activeTargets: shows("active") ? active.filter(inPool) : [],
    droppedTargets: shows("dropped") ? dropped.filter(inPool) : [],
    droppedTargetCounts: shows("dropped") ? counts : null,
  });
}

function countOf(text: string): number {
  if (text === "") return Infinity;
  if (!/^[+-]?\d+$/.test(text)) throw new PromqlError("bad_data", "limit must be a number");
  return Number(text) < 0 ? Infinity : Number(text);
}

function targetTest(selector: string): (labels: Labels) => boolean {
  if (selector === "") return () => true;
  try {
    return compileMatchers(parseMetricSelector(selector));
  } catch (cause) {
    throw invalidParameter("match_target", messageOf(cause));
  }
}

type Found = Pick<MetricFamily, "type" | "help" | "unit"> & {
  readonly target: Labels;
  readonly metric?: string;
};
/** Metadata is kept by tenant: a target has those families that it gave series of lately. */
const recentMs = 3_600_000;

async function metadataOf(
  targets: readonly ActiveTarget[],
  metric: string,
  limit: number,
  { metrics, tenant: tenantOf, clock }: TargetParts,
  request: Request,
): Promise<Found[]> {
  const tenant = tenantOf(request);
  const families = new Map((await metrics.metadata(tenant)).map((one) => [one.name, one]));
  const found: Found[] = [];
  for (const { labels } of targets) {
    if (found.length >= limit) break;
    const matchers = Object.entries(labels).map(
      ([name, value]) => ({ name, op: "=", value }) as const,
    );
    const nowMs = clock.now();
    const names = await metrics.labelValues(metricNameLabel, {
      tenant,
      selectors: [matchers],
      startMs: nowMs - recentMs,
      endMs: nowMs,
      signal: request.signal,
    });
    for (const name of new Set(names.map((one) => familyOf(one, families)))) {
      const family = families.get(name);
      if (family === undefined || found.length >= limit) continue;
      if (metric !== "" && name !== metric) continue;
      const { type, help, unit } = family;
      found.push({ target: labels, ...(metric === "" ? { metric: name } : {}), type, help, unit });
    }
  }
  return found;
}

/** A series of a histogram or summary is named after its family. */
function familyOf(name: string, families: ReadonlyMap<string, MetricFamily>): string {
  if (families.has(name)) return name;
  return name.replace(/_(?:bucket|count|sum|total|info)$/, "");
}
