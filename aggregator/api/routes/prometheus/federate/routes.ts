import { Hono } from "hono";
import { parseAccept } from "hono/utils/accept";
import { warningHeader } from "#aggregator/api/warning_header.ts";
import { MissingBlocks } from "#aggregator/read/missing_blocks.ts";
import type { MetricsSource, SelectRequest, SeriesSamples } from "#aggregator/read/source.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { isStale, wordsOf } from "#shared/model/special_values.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { readParams, selectorsParam } from "../params.ts";
import { familiesOf, type Newest } from "./families.ts";
import { federatedProtobuf } from "./protobuf_format.ts";
import { federatedText } from "./text_format.ts";

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
 * GET /federate: the newest sample of each series that a match[] selects, with its time, in Prometheus's text format or
 * as its protobuf messages, as Accept prefers. Native histograms are in protobuf only, for which the text format has no
 * words; those with custom buckets are classic histograms in both.
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
      const missing = new MissingBlocks();
      const found = new Map<string, Newest>();
      for (const matchers of selectors) {
        const request: SelectRequest = {
          tenant: parts.tenant(c.req.raw),
          matchers,
          startMs: nowMs - parts.lookbackMs + 1,
          endMs: nowMs,
          samplesMax,
          newest: { firstEndMs: nowMs, stepMs: 1, count: 1, lengthMs: parts.lookbackMs },
          missing,
          signal: c.req.raw.signal,
        };
        for (const series of await parts.metrics.select(request)) {
          const newest = newestOf(series);
          if (newest !== undefined) found.set(series.key ?? labelsKey(series.labels), newest);
        }
      }
      const accept = c.req.header("accept") ?? "";
      const utf8 = /escaping\s*=\s*allow-utf-8/.test(accept);
      const isProtobuf = prefersProtobuf(accept);
      const families = familiesOf(found, { utf8, native: isProtobuf });
      const body = isProtobuf ? federatedProtobuf(families) : federatedText(families);
      return c.body(body, 200, {
        ...warningHeader(missing),
        "content-type": `${isProtobuf ? protobufType : textType}; escaping=${utf8 ? "allow-utf-8" : "underscores"}`,
      });
    } catch (thrown) {
      const isBad = thrown instanceof OperatingError && thrown.code === "bad_request";
      return c.text(`${messageOf(thrown)}\n`, isBad ? 400 : 500);
    }
  });
  return app;
}

function newestOf({ labels, timestampsMs, values, histograms }: SeriesSamples): Newest | undefined {
  const last = values.length - 1;
  if (last < 0) return undefined;
  const histogram = histograms?.[last];
  if (histogram === undefined && isStale(wordsOf(values), last)) return undefined;
  return { labels, timeMs: timestampsMs[last] ?? 0, value: values[last] ?? 0, histogram };
}

const protobufMessage = "io.prometheus.client.MetricFamily";
const protobufType = `application/vnd.google.protobuf; proto=${protobufMessage}; encoding=delimited`;
const textType = "text/plain; version=0.0.4; charset=utf-8";

/** Whether the format that is wanted most among ours is protobuf. What is not ours is passed over; text if nothing is. */
function prefersProtobuf(accept: string): boolean {
  for (const { type, params, q } of parseAccept(accept)) {
    if (q === 0) continue;
    const name = type.toLowerCase();
    if (name === "text/plain" && /^(?:0\.0\.4|1\.0\.0)?$/.test(params["version"] ?? ""))
      return false;
    const isOurs = params["proto"] === protobufMessage && params["encoding"] === "delimited";
    if (name === "application/vnd.google.protobuf" && isOurs) return true;
  }
  return false;
}
