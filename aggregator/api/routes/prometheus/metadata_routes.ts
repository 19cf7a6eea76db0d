import { MissingBlocks } from "#aggregator/read/missing_blocks.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { labelsJson } from "#aggregator/query/promql/json.ts";
import type { MetricsSource, SeriesRequest } from "#aggregator/read/source.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type Context, type Handler, Hono } from "hono";
import { type Answer, answering, truncated } from "./answer.ts";
import { type Params, limitParam, readParams, selectorsParam, timeParam } from "./params.ts";

export type MetadataParts = {
  readonly metrics: MetricsSource;
  readonly tenant: (request: Request) => string;
};

/** /labels, /label/{name}/values, /series, /metadata. */
export function metadataRoutes({ metrics, tenant }: MetadataParts): Hono {
  const app = new Hono();
  const requestOf = (c: Context, params: Params): Reported => ({
    missing: new MissingBlocks(),
    tenant: tenant(c.req.raw),
    startMs: timeParam(params, "start", Number.MIN_SAFE_INTEGER),
    endMs: timeParam(params, "end", Number.MAX_SAFE_INTEGER),
    selectors: selectorsParam(params, c.req.path.endsWith("/series")),
    signal: c.req.raw.signal,
  });
  app.on(
    ["GET", "POST"],
    "/labels",
    answering(async (c) => {
      const params = await readParams(c);
      const limit = limitParam(params);
      const request = requestOf(c, params);
      return limitedList(await metrics.labelNames(request), limit, request);
    }),
  );
  app.get(
    "/label/:name/values",
    answering(async (c) => {
      const params = await readParams(c);
      const name = unescapeName(c.req.param("name") ?? "");
      if (name === "" || name.includes("\uFFFD")) {
        throw new PromqlError("bad_data", `invalid label name: ${JSON.stringify(name)}`);
      }
      const limit = limitParam(params);
      const request = requestOf(c, params);
      return limitedList(await metrics.labelValues(name, request), limit, request);
    }),
  );
  app.on(
    ["GET", "POST"],
    "/series",
    answering(async (c) => {
      const params = await readParams(c);
      if (params.all("match[]").length === 0) {
        throw new PromqlError("bad_data", "no match[] parameter provided");
      }
      const limit = limitParam(params);
      const request = requestOf(c, params);
      const all = await metrics.series(request);
      const cut = limit > 0 && all.length > limit;
      const shown = cut ? all.slice(0, limit) : all;
      return { dataJson: seriesJson(shown), ...notesOf(request, cut) };
    }),
  );
  app.get("/metadata", metadataRoute({ metrics, tenant }));
  return app;
}

function* seriesJson(series: readonly Labels[]): Generator<string> {
  yield "[";
  for (const [i, labels] of series.entries()) yield `${i === 0 ? "" : ","}${labelsJson(labels)}`;
  yield "]";
}

function metadataRoute({ metrics, tenant }: MetadataParts): Handler {
  return answering(async (c) => {
    const params = await readParams(c);
    const [limit, perMetric] = [
      countParam(params, "limit"),
      countParam(params, "limit_per_metric"),
    ];
    const metric = params.get("metric");
    const byName = new Map<string, { type: string; help: string; unit: string }[]>();
    for (const { name, type, help, unit } of await metrics.metadata(tenant(c.req.raw))) {
      if (metric !== "" && name !== metric) continue;
      const entries = byName.get(name) ?? [];
      if (byName.size >= limit && !byName.has(name)) continue;
      if (perMetric > 0 && entries.length >= perMetric) continue;
      entries.push({ type, help, unit });
      byName.set(name, entries);
    }
    return { dataJson: JSON.stringify(Object.fromEntries(byName)) };
  });
}

function countParam(params: Params, name: string): number {
  const text = params.get(name);
  if (text === "") return Infinity;
  if (!/^[+-]?\d+$/.test(text)) throw new PromqlError("bad_data", `${name} must be a number`);
  return Number(text) < 0 ? Infinity : Number(text);
}

/** With what the answer lacks. */
type Reported = SeriesRequest & { readonly missing: MissingBlocks };

function notesOf({ missing }: Reported, isCut: boolean): Omit<Answer, "dataJson"> {
  return {
    ...missing.mark,
    warnings: [...missing.warnings(), ...(isCut ? [truncated] : [])],
  };
}

function limitedList(all: readonly string[], limit: number, request: Reported): Answer {
  const cut = limit > 0 && all.length > limit;
  return {
    dataJson: JSON.stringify(cut ? all.slice(0, limit) : all),
    ...notesOf(request, cut),
  };
}

/** "U__a_2e_b" is "a.b": other characters as _hex_, "_" doubled. What is no such escape stays as it is. */
function unescapeName(name: string): string {
  if (!name.startsWith("U__")) return name;
  const escaped = name.slice(3);
  if (!/^(?:[A-Za-z0-9:]|__|_[0-9a-fA-F]{1,6}_)*$/.test(escaped)) return name;
  return escaped.replaceAll(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex?: string) => {
    if (hex === undefined) return "_";
    const codePoint = Number.parseInt(hex, 16);
    return codePoint <= 0x10_ffff ? String.fromCodePoint(codePoint) : "\uFFFD";
  });
}
