import type { Hono } from "hono";
import { OperatingError } from "#shared/errors.ts";
import { type LokiParts, basePath, reads, readsData, scopeOf } from "./context.ts";
import { indexStats } from "./index_stats.ts";
import { type LokiParameters, limitOf, rangeOf, stepOf } from "./parameters.ts";
import { selectorOf } from "./selector.ts";
import { type Volume, type VolumeRequest, volumes } from "./volume.ts";
import { noStatistics } from "./statistics.ts";

const limitDefault = "100";

/** index/stats, index/volume, index/volume_range: how much there is. */
export function indexRoutes(app: Hono, parts: LokiParts): void {
  reads(app, `${basePath}/index/stats`, async (p, c, missing) => {
    const matchers = selectorOf(p.text("query") ?? "", "allowed");
    return { ...(await indexStats(matchers, rangeOf(p, parts.now()), scopeOf(c, parts, missing))) };
  });
  readsData(app, `${basePath}/index/volume`, async (p, c, missing) => {
    const request = { ...volumeRequest(p, parts), stepMs: undefined };
    const found = await volumes(request, scopeOf(c, parts, missing));
    return { resultType: "vector", result: found.map(instantOf), stats: noStatistics };
  });
  readsData(app, `${basePath}/index/volume_range`, async (p, c, missing) => {
    const request = volumeRequest(p, parts);
    const found = await volumes(
      { ...request, stepMs: stepOf(p, request) },
      scopeOf(c, parts, missing),
    );
    return { resultType: "matrix", result: found.map(rangeOfVolume), stats: noStatistics };
  });
}

function volumeRequest(p: LokiParameters, { now }: LokiParts): Omit<VolumeRequest, "stepMs"> {
  const aggregateBy = p.text("aggregateBy") ?? "series";
  if (aggregateBy !== "series" && aggregateBy !== "labels")
    throw new OperatingError("bad_request", "invalid aggregation option");
  return {
    ...rangeOf(p, now()),
    matchers: selectorOf(p.text("query") ?? "", "allowed"),
    limit: volumeLimitOf(p),
    targetLabels: (p.text("targetLabels") ?? "").split(",").filter((name) => name !== ""),
    aggregateBy,
  };
}

/** Any that is positive: Logs Drilldown asks for 5,000. 0 is the default. Series are bounded by themselves. */
function volumeLimitOf(p: LokiParameters): number {
  const text = p.text("limit") ?? limitDefault;
  return limitOf({ ...p, text: () => (text === "0" ? limitDefault : text) }, Infinity);
}

function instantOf({ labels, timesMs, bytes }: Volume) {
  return { metric: labels, value: [(timesMs[0] ?? 0) / 1_000, String(bytes[0] ?? 0)] };
}

function rangeOfVolume({ labels, timesMs, bytes }: Volume) {
  return {
    metric: labels,
    values: timesMs.map((ms, i) => [ms / 1_000, String(bytes[i] ?? 0)]),
  };
}
