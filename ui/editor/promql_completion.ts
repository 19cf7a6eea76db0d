import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
// Its modules by path: resolved as CommonJS, in tests, it would bring a second CodeMirror, and extensions of two do not mix.
import {
  type CompleteStrategy,
  newCompleteStrategy,
  type PrometheusClient,
} from "@prometheus-io/codemirror-promql/dist/esm/index.js";
import { EqlRegex, EqlSingle, Neq, NeqRegex } from "@prometheus-io/lezer-promql";
import { quote } from "../client/prometheus.ts";
import {
  type Found,
  type FoundMetric,
  searchLabelNames,
  searchLabelValues,
  searchMetrics,
  type SearchRequest,
} from "../client/search.ts";
import type { Window } from "../state/time_range.ts";

/** So many of a kind are offered; with more, every letter asks anew. */
const offeredMax = 400;
const keptMs = 60_000;
const keptMax = 200;

type Matchers = NonNullable<Parameters<PrometheusClient["labelValues"]>[2]>;

/** How searches are asked; tests give their own. */
export type CompletionSource = {
  readonly metrics: typeof searchMetrics;
  readonly labelNames: typeof searchLabelNames;
  readonly labelValues: typeof searchLabelValues;
};

const overHttp: CompletionSource = {
  metrics: searchMetrics,
  labelNames: searchLabelNames,
  labelValues: searchLabelValues,
};

/**
 * Completion from the data of the page's range. Names are searched by what is typed instead of loaded whole, so a store of
 * a million names answers like a small one; an answer that is not needed any more is cancelled.
 */
export function promqlCompletion(
  windowOf: () => Window,
  source: CompletionSource = overHttp,
): CompleteStrategy {
  const searches: Searches = {
    metrics: remembering((_, request) => source.metrics(request)),
    labelNames: remembering((_, request) => source.labelNames(request)),
    labelValues: remembering(source.labelValues),
  };
  return {
    async promQL(context) {
      const aborter = new AbortController();
      context.addEventListener("abort", () => aborter.abort(), { onDocChange: true });
      const seen: Seen = { metrics: new Map(), more: false };
      const asking = { window: windowOf(), limit: offeredMax, signal: aborter.signal };
      const remote = clientOf(searches, context, asking, seen);
      const result = await newCompleteStrategy({ remote }).promQL(context);
      return result === null ? null : finished(result, seen);
    },
  };
}

/** What one completion learned on its way. */
type Seen = {
  readonly metrics: Map<string, FoundMetric>;
  /** Whether any answer was cut. */
  more: boolean;
};
type Search<T> = (of: string, request: SearchRequest) => Promise<Found<T>>;
type Searches = {
  readonly metrics: Search<FoundMetric>;
  readonly labelNames: Search<string>;
  readonly labelValues: Search<string>;
};

/** Asks once for the same; nothing where the server fails: a completion is a hint, the query itself will tell what is wrong. */
function remembering<T>(search: Search<T>): Search<T> {
  const kept = new Map<string, { readonly untilMs: number; readonly found: Found<T> }>();
  return async (of, request) => {
    const key = [of, request.text, ...request.match].join("\n");
    const before = kept.get(key);
    if (before !== undefined && before.untilMs > Date.now()) return before.found;
    try {
      const found = await search(of, request);
      kept.set(key, { untilMs: Date.now() + keptMs, found });
      for (const oldest of kept.keys()) if (kept.size > keptMax) kept.delete(oldest);
      return found;
    } catch {
      return { results: [], more: false };
    }
  };
}

/** With units, and asked anew at the next letter where the server had more than it gave. */
function finished(result: CompletionResult, { metrics, more }: Seen): CompletionResult {
  const options = result.options.map((option): Completion => {
    const metric = metrics.get(option.label);
    if (metric === undefined) return option;
    const detail = [metric.type, metric.unit].filter((word) => word !== "").join(" · ");
    return { ...option, detail, ...(metric.help === "" ? {} : { info: metric.help }) };
  });
  const { validFor, ...open } = result;
  return more || validFor === undefined ? { ...open, options } : { ...open, validFor, options };
}

function clientOf(
  searches: Searches,
  context: CompletionContext,
  asking: Omit<SearchRequest, "text" | "match">,
  seen: Seen,
): PrometheusClient {
  const typed = (pattern: RegExp): string => context.matchBefore(pattern)?.text ?? "";
  const find = async <T>(search: Search<T>, of: string, text: string, match: readonly string[]) => {
    const { results, more } = await search(of, { ...asking, text, match });
    seen.more ||= more;
    return results;
  };
  return {
    async metricNames(prefix = "") {
      const found = await find(searches.metrics, "", prefix, []);
      for (const metric of found) seen.metrics.set(metric.name, metric);
      return found.map(({ name }) => name);
    },
    // Types and help came with the names.
    metricMetadata: () => Promise.resolve({}),
    async labelNames(metricName) {
      const match = selectorOf(metricName, []);
      return [...(await find(searches.labelNames, "", typed(/[\w.]+/), match))];
    },
    async labelValues(label, metricName, matchers = []) {
      const others = matchers.filter(({ name, value }) => name !== label && value !== "");
      const match = selectorOf(metricName, others);
      return [...(await find(searches.labelValues, label, typed(/[^"'`]+/), match))];
    },
    series: () => Promise.resolve([]),
    flags: () => Promise.resolve({}),
  };
}

const operators: Readonly<Record<number, string>> = {
  [EqlSingle]: "=",
  [Neq]: "!=",
  [EqlRegex]: "=~",
  [NeqRegex]: "!~",
};

/** The series that the rest of the selector leaves; none where it says nothing, so that all names are found. */
function selectorOf(metricName: string | undefined, matchers: Matchers): string[] {
  const name =
    metricName === undefined || metricName === "" ? [] : [`__name__=${quote(metricName)}`];
  const parts = matchers.flatMap(({ type, name: label, value }) => {
    const operator = operators[type];
    // The value is as it stands between its quotes, with its escapes.
    return operator === undefined ? [] : [`${quote(label)}${operator}"${value}"`];
  });
  const all = [...name, ...parts];
  return all.length === 0 ? [] : [`{${all.join(",")}}`];
}
