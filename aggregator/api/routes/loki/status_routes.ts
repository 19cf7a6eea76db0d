import type { Hono } from "hono";
import { messageOf } from "#shared/errors.ts";
import { parseLogql } from "../../../log_pipeline/parse_query.ts";
import { prettifyLogql } from "#shared/query_language/logql/prettify.ts";
import { spokenVersions } from "../../spoken_versions.ts";
import { type LokiParts, basePath, textRefusal } from "./context.ts";
import { lokiParameters } from "./parameters.ts";
import { entriesMax } from "./query_routes.ts";

/** Loki's status routes (build, readiness, configuration, limits) and format_query. */
export function statusRoutes(app: Hono, parts: LokiParts): void {
  // Without a header of its own a text loses its type on the way through the middleware that compresses.
  const headers = { "content-type": "text/plain; charset=utf-8" };
  app.get("/ready", () => new Response("ready\n", { headers }));
  app.get("/config", () => new Response(parts.config(), { headers }));
  app.get(`${basePath}/status/buildinfo`, (c) =>
    c.json({
      ...parts.build,
      version: spokenVersions.loki,
      goVersion: "",
      lapwingVersion: parts.build.version,
    }),
  );
  app.get(`${basePath}/drilldown-limits`, (c) => c.json(drilldownLimits()));
  app.on(["GET", "POST"], `${basePath}/format_query`, async (c) => {
    try {
      const query = (await lokiParameters(c.req.raw)).text("query") ?? "";
      return c.json({ status: "success", data: prettifyLogql(parseLogql(query)) });
    } catch (thrown) {
      return c.json({ status: "invalid-query", error: messageOf(thrown) }, 400);
    }
  });
  // Grafana asks for it over plain HTTP to learn which version of tail there is: anything but 404 would be taken for the second.
  app.all("/loki/api/v2alpha/tail", () => textRefusal("404 page not found", 404));
}

/** What Logs Drilldown asks before it shows anything. */
function drilldownLimits() {
  return {
    limits: {
      discover_log_levels: true,
      discover_service_name: [],
      log_level_fields: ["level", "severity"],
      max_entries_limit_per_query: entriesMax,
      max_line_size_truncate: false,
      max_query_bytes_read: "0B",
      max_query_length: "0s",
      max_query_lookback: "0s",
      max_query_range: "0s",
      max_query_series: 500,
      metric_aggregation_enabled: false,
      otlp_config: {},
      pattern_persistence_enabled: false,
      query_timeout: "0s",
      retention_period: "0s",
      volume_enabled: true,
      volume_max_series: 1_000,
    },
    pattern_ingester_enabled: true,
    version: spokenVersions.loki,
    maxDetectedFields: 1_000,
    maxDetectedValues: 1_000,
    maxLabelValues: 1_000,
    maxLines: entriesMax,
  };
}
