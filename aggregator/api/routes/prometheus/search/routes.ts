import { MissingBlocks } from "#aggregator/read/missing_blocks.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import type { MetricsSource, SeriesRequest } from "#aggregator/read/source.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { type Context, type Handler, Hono } from "hono";
import { refusal } from "../answer.ts";
import { type Params, readParams } from "../params.ts";
import { type SearchParams, flag, searchParams } from "./params.ts";
import { type Match, searched } from "./search.ts";

export type SearchParts = {
  readonly metrics: MetricsSource;
  readonly clock: Clock;
  readonly tenant: (request: Request) => string;
};

/** What one of the searches goes through, and one of its results as JSON. */
type Search = {
  readonly texts: (request: SeriesRequest) => Promise<readonly string[]>;
  readonly record: (text: string) => object;
};

/**
 * /search/metric_names, /search/label_names, /search/label_values: names and values that match terms, as lines of JSON:
 * `{"results":[...]}` each batch (one at least), and `{"status":"success","has_more":...}` at the end. Of the last hour
 * without a start. What is refused is answered in the envelope of the other paths.
 */
export function searchRoutes(parts: SearchParts): Hono {
  const { metrics } = parts;
  const app = new Hono();
  const search = (name: string, prepare: Prepare) =>
    app.on(["GET", "POST"], `/search/${name}`, searching(parts, name, prepare));
  search("metric_names", async (params, tenant) => {
    const families = flag(params, "include_metadata", false) ? await metrics.metadata(tenant) : [];
    const described = new Map(families.toReversed().map((family) => [family.name, family]));
    return {
      texts: (request) => metrics.labelValues(metricNameLabel, request),
      record: (name) => {
        const { type, help, unit } = described.get(name) ?? {};
        return { name, ...given({ type, help, unit }) };
      },
    };
  });
  search("label_names", () => ({
    texts: (request) => metrics.labelNames(request),
    record: (name) => ({ name }),
  }));
  search("label_values", (params) => {
    const label = params.get("label");
    if (label === "") throw new PromqlError("bad_data", 'missing required parameter "label"');
    return {
      texts: (request) => metrics.labelValues(label, request),
      record: (value) => ({ value }),
    };
  });
  return app;
}

type Prepare = (params: Params, tenant: string) => Search | Promise<Search>;

function searching({ clock, tenant }: SearchParts, name: string, prepare: Prepare): Handler {
  return async (c: Context) => {
    try {
      const params = await readParams(c);
      const wanted = searchParams(params, clock.now(), name);
      const owner = tenant(c.req.raw);
      const { texts, record } = await prepare(params, owner);
      const { selectors, startMs, endMs } = wanted;
      const { signal } = c.req.raw;
      const missing = new MissingBlocks();
      const all = await texts({ tenant: owner, selectors, startMs, endMs, signal, missing });
      const found = await searched(all, wanted, signal);
      const lines = linesOf(found, wanted, record, missing);
      return c.body(lines, 200, { "content-type": "application/x-ndjson; charset=utf-8" });
    } catch (thrown) {
      return refusal(thrown);
    }
  };
}

function linesOf(
  matches: readonly Match[],
  { limit, batchSize, includeScore }: SearchParams,
  record: Search["record"],
  missing: MissingBlocks,
): string {
  const shown = matches
    .slice(0, limit)
    .map(({ text, score }) => ({ ...record(text), ...(includeScore ? { score } : {}) }));
  const lines: object[] = [];
  for (let from = 0; from < shown.length || from === 0; from += batchSize)
    lines.push({ results: shown.slice(from, from + batchSize) });
  const notes = missing.isEmpty ? {} : { ...missing.mark, warnings: missing.warnings() };
  lines.push({ status: "success", has_more: matches.length > limit, ...notes });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Without what is empty. */
function given(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (value === undefined || value === "" ? [] : [[key, value]])),
  );
}
