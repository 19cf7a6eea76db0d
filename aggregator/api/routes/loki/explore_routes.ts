import type { Hono } from "hono";
import { PatternCounter } from "../../../patterns/count_patterns.ts";
import type { KnownPattern } from "../../../patterns/pattern_book.ts";
import type { LogEntry } from "../../../query/logql/evaluate.ts";
import { type DetectedField, detectFields } from "../../../query/log_fields/detect_fields.ts";
import { LogqlError, parseLogql } from "../../../log_pipeline/parse_query.ts";
import { levelOf } from "../../../read/level.ts";
import { selectRecords } from "../../../query/logql/evaluate.ts";
import { type LokiParts, basePath, reads, readsData, scopeOf } from "./context.ts";
import { type LokiParameters, countOf, rangeOf, stepOf } from "./parameters.ts";
import { entriesMax } from "./query_routes.ts";
import { selectorOf } from "./selector.ts";

const linesDefault = 100;
const fieldsDefault = 1_000;
/** Loki's patterns are no finer. */
const patternStepMinMs = 10_000;
/** Series of an answer: the most frequent. */
const patternsMax = 1_000;

/** patterns, detected_fields and their values: what Grafana's Logs Drilldown shows of lines. */
export function exploreRoutes(app: Hono, parts: LokiParts): void {
  readsData(app, `${basePath}/patterns`, async (p, c, missing) =>
    patternsOf(p, scopeOf(c, parts, missing), parts),
  );
  reads(app, `${basePath}/detected_fields`, async (p, c, missing) => {
    const limit = countOf(p, ["limit", "field_limit"], fieldsDefault, entriesMax);
    const fields = detectFields(await sample(p, scopeOf(c, parts, missing), parts), limit);
    return { fields: fields.map(fieldJson), limit };
  });
  reads(app, `${basePath}/detected_field/:name/values`, async (p, c, missing) => {
    const limit = countOf(p, ["limit", "field_limit"], fieldsDefault, entriesMax);
    const entries = await sample(p, scopeOf(c, parts, missing), parts);
    const name = c.req.param("name") ?? "";
    const field = detectFields(entries, Infinity).find((one) => one.name === name);
    const values = [...(field?.values ?? [])].toSorted();
    return { values: values.slice(0, limit), limit };
  });
}

function fieldJson({ name, type, values, parsers, path }: DetectedField) {
  return {
    label: name,
    type,
    cardinality: values.size,
    parsers: parsers.length === 0 ? null : parsers,
    ...(path === undefined ? {} : { jsonPath: path }),
  };
}

type Scope = ReturnType<typeof scopeOf>;

/** The newest lines that the query finds. */
async function sample(p: LokiParameters, scope: Scope, parts: LokiParts): Promise<LogEntry[]> {
  const query = parseLogql(p.text("query") ?? "");
  if (query.kind !== "log")
    throw new LogqlError("only log selector is supported, but received a metric query");
  const limit = countOf(p, ["line_limit"], linesDefault, entriesMax);
  return selectRecords(query, { ...rangeOf(p, parts.now()), limit, direction: "backward" }, scope);
}

async function patternsOf(p: LokiParameters, scope: Scope, parts: LokiParts) {
  const matchers = selectorOf(p.text("query") ?? "");
  const range = rangeOf(p, parts.now());
  const stepMs = Math.max(stepOf(p, range), patternStepMinMs);
  const counter = new PatternCounter((ms) => Math.floor(ms / stepMs));
  const { tenant, source, signal } = scope;
  const slices = source.scan({
    tenant,
    matchers,
    lineFilters: [],
    ...range,
    direction: "forward",
    needs: { bodies: false, attributes: false, templates: true },
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const span of slices) for (const slice of span) counter.add(slice);
  const known = new Map<string, KnownPattern>();
  const find = (text: string) => {
    const found = parts.knownPattern?.(text);
    if (found !== undefined) known.set(found.pattern.id, found);
    return found?.pattern;
  };
  return counter
    .result(find)
    .slice(0, patternsMax)
    .map(({ pattern, severity, steps }) => ({
      pattern: pattern.text,
      level: levelOf(severity),
      samples: steps.map(([step, count]) => [(step * stepMs) / 1_000, count]),
      ...markOf(known.get(pattern.id), Number(range.startNs / 1_000_000n)),
    }));
}

/** What Loki does not tell of a pattern: its id in metrics and events, since when it is known, and whether it is news of the range asked for. */
function markOf(known: KnownPattern | undefined, startMs: number) {
  if (known === undefined) return {};
  const { firstMs, isNews, pattern } = known;
  return { id: pattern.id, firstSeen: firstMs / 1_000, isNew: isNews && firstMs >= startMs };
}
