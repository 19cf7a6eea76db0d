import { Hono } from "hono";
import { formatShort } from "#aggregator/query/promql/go_float.ts";
import type { MetricsSource, SelectRequest, SeriesSamples } from "#aggregator/query/source.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import { isStale, wordsOf } from "#shared/model/special_values.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { readParams, selectorsParam } from "./params.ts";

export type FederateParts = {
  readonly metrics: MetricsSource;
  readonly clock: Clock;
  readonly tenant: (request: Request) => string;
  /** How far back the newest sample of a series may lie. */
  readonly lookbackMs: number;
};

/** Samples that one answer reads. */
const samplesMax = 50_000_000;
const selectorsMax = 1_000;

/**
 * GET /federate: the newest sample of each series that a match[] selects, with its time, as Prometheus's text format;
 * all families untyped. Native histograms are left out, for which the text format has no words.
 */
export function federateRoutes(parts: FederateParts): Hono {
  const app = new Hono();
  app.get("/federate", async (c) => {
    try {
      const selectors = selectorsParam(await readParams(c));
      if (selectors.length > selectorsMax)
        throw new OperatingError(
          "bad_request",
          `${selectors.length} selectors, at most ${selectorsMax} are taken`,
        );
      const nowMs = parts.clock.now();
      const found = new Map<string, Newest>();
      for (const matchers of selectors) {
        const request: SelectRequest = {
          tenant: parts.tenant(c.req.raw),
          matchers,
          startMs: nowMs - parts.lookbackMs + 1,
          endMs: nowMs,
          samplesMax,
          newest: { firstEndMs: nowMs, stepMs: 1, count: 1, lengthMs: parts.lookbackMs },
          signal: c.req.raw.signal,
        };
        for (const series of await parts.metrics.select(request)) {
          const newest = newestOf(series);
          if (newest !== undefined) found.set(series.key ?? labelsKey(series.labels), newest);
        }
      }
      const utf8 = /escaping\s*=\s*allow-utf-8/.test(c.req.header("accept") ?? "");
      return c.body(textOf(found, utf8), 200, {
        "content-type": `text/plain; version=0.0.4; charset=utf-8; escaping=${utf8 ? "allow-utf-8" : "underscores"}`,
      });
    } catch (thrown) {
      const isBad = thrown instanceof OperatingError && thrown.code === "bad_request";
      return c.text(`${messageOf(thrown)}\n`, isBad ? 400 : 500);
    }
  });
  return app;
}

type Newest = { readonly labels: Labels; readonly timeMs: number; readonly value: number };

function newestOf({ labels, timestampsMs, values, histograms }: SeriesSamples): Newest | undefined {
  const last = values.length - 1;
  if (last < 0 || isStale(wordsOf(values), last) || histograms?.[last] !== undefined)
    return undefined;
  return { labels, timeMs: timestampsMs[last] ?? 0, value: values[last] ?? 0 };
}

const plainName = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const plainLabel = /^[A-Za-z_][A-Za-z0-9_]*$/;

function textOf(found: ReadonlyMap<string, Newest>, utf8: boolean): string {
  const named = [...found].flatMap(([key, newest]) => {
    const name = newest.labels[metricNameLabel];
    // A federated series without a name could not be written.
    return name === undefined ? [] : [{ key, name: utf8 ? name : escaped(name), newest }];
  });
  const sorted = named.toSorted((a, b) => compare(a.name, b.name) || compare(a.key, b.key));
  let text = "";
  let family: string | undefined;
  for (const { name, newest } of sorted) {
    const isPlain = plainName.test(name);
    if (name !== family) text += `# TYPE ${isPlain ? name : `"${escapedValue(name)}"`} untyped\n`;
    family = name;
    const pairs = pairsOf(newest.labels, utf8);
    const labels = (isPlain ? pairs : [`"${escapedValue(name)}"`, ...pairs]).join(",");
    text += `${isPlain ? name : ""}{${labels}} ${formatShort(newest.value)} ${newest.timeMs}\n`;
  }
  return text;
}

/** By name. A scraper that honours labels takes what has no instance for ours: an empty one says that it has none. */
function pairsOf(labels: Labels, utf8: boolean): string[] {
  const own = Object.keys(labels)
    .filter((name) => name !== metricNameLabel)
    .toSorted();
  const pairs = own.map((name) => {
    const shown = utf8 ? name : escaped(name);
    const key = plainLabel.test(shown) ? shown : `"${escapedValue(shown)}"`;
    return `${key}="${escapedValue(labels[name] ?? "")}"`;
  });
  return Object.hasOwn(labels, "instance") ? pairs : [...pairs, 'instance=""'];
}

/** What the old text format cannot name has underscores instead. */
function escaped(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_:]/gu, "_").replace(/^(?=\d)/, "_");
}

function escapedValue(text: string): string {
  return text
    .replaceAll("\\", String.raw`\\`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll('"', String.raw`\"`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
