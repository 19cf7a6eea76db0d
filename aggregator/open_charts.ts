import type { Clock } from "#shared/runtime/clock.ts";
import type { AggregatorConfig } from "./config/config.ts";
import type { EventBook } from "./events/event_book.ts";
import type { AskChanges, AskChart } from "./notify/charts/alert_details.ts";
import { logqlLimits } from "./query/logql/evaluate.ts";
import { createPromqlEngine } from "./query/promql/engine.ts";
import type { Sources } from "./query/sources.ts";
import { QueryMemory } from "./read/memory/query_memory.ts";
import { ruleRangeQuery } from "./rules/rule_query.ts";

/** For the one chart that is made at a time. */
const memoryBytesMax = 64 * 1_024 ** 2;
const timeoutMs = 8_000;
/** What is no cause of an alert: people look at dashboards because of it. */
const uninteresting: ReadonlySet<string> = new Set(["dashboard_saved", "dashboard_deleted"]);

/** The queries of charts in messages, with an engine and memory of their own: they go on while users' queries wait. */
export function chartQueries(
  { tenant, query }: Pick<AggregatorConfig, "tenant" | "query">,
  { sources, events }: { readonly sources: Sources; readonly events: Pick<EventBook, "list"> },
  clock: Clock,
): { readonly askChart: AskChart; readonly askChanges: AskChanges } {
  const shared = {
    engine: createPromqlEngine(sources.metrics, query.promql, clock),
    metrics: sources.metrics,
    logs: sources.logs,
    limits: logqlLimits(query.logql),
    sql: () => Promise.reject(new Error("SQL has no chart")),
    memory: new QueryMemory({ bytesMax: memoryBytesMax }),
    tenant,
  };
  return {
    askChart: (asked, span) =>
      ruleRangeQuery({ ...shared, signal: AbortSignal.timeout(timeoutMs) })(asked, span),
    askChanges: async (startMs, endMs) => {
      const found = await events.list({ tenant, startMs, endMs, agent: "", kinds: [], limit: 20 });
      return found.events
        .filter(({ kind }) => !uninteresting.has(kind))
        .map(({ text, atMs }) => `${new Date(atMs).toISOString().slice(11, 16)} ${text}`);
    },
  };
}
