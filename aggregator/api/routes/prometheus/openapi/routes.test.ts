import { describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import { parse } from "yaml";
import { z } from "zod";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { Lifecycle } from "#shared/runtime/lifecycle.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { noRules } from "#aggregator/rules/rules_view.ts";
import { adminRoutes } from "../admin_routes.ts";
import { prometheusRoutes } from "../routes.ts";

const metrics = new MemoryMetrics();
metrics.add({ __name__: "up", job: "a" }, 60_000, 1);
const app = prometheusRoutes({
  engine: createPromqlEngine(metrics, PromqlConfig.parse({})),
  metrics,
  exemplars: { select: () => Promise.resolve([]) },
  clock: { ...systemClock, now: () => 60_000 },
  tenant: () => "default",
  build: { version: "1.2.3", revision: "", branch: "", buildUser: "", buildDate: "" },
  startedMs: 0,
  storageRetention: "30d",
  pools: () => new Map([["a", "job_name: a"]]),
  targets: () => ({ active: [], dropped: [] }),
  config: () => ({}),
  lifecycle: new Lifecycle(systemClock),
  selfMetrics: createSelfMetrics(),
  flags: {},
  delayedNameRemoval: false,
  lookbackMs: 300_000,
  head: () => ({ series: [], runs: 0, minMs: undefined, maxMs: undefined }),
  seriesLimits: () => [],
  rules: () => noRules,
  blocks: () => [],
});
app.route(
  "/",
  adminRoutes({
    tenant: () => "default",
    delete: async () => 0,
    cleanTombstones: async () => {},
    snapshot: async () => "x",
  }),
);

const Media = z.looseObject({ schema: z.record(z.string(), z.unknown()).optional() });
const Answered = z.looseObject({ content: z.record(z.string(), Media).optional() });
const Operation = z.looseObject({ responses: z.record(z.string(), Answered) });
const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

async function documentOf(version: string): Promise<z.infer<typeof Document>> {
  const response = await app.request(`/api/v1/openapi.yaml?openapi_version=${version}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/yaml; charset=utf-8");
  return Document.parse(parse(await response.text()));
}

describe.each(["3.1", "3.2"])("OpenAPI %s", (version) => {
  test("the document is valid", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(await documentOf(version));
    expect([valid, errors ?? []]).toEqual([true, []]);
    expect(validator.version).toBe(version);
  });
  test("it has every path and method that is routed, and no other", async () => {
    const { paths } = await documentOf(version);
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    const prefix = "/api/v1/";
    const routed = app.routes
      .filter(({ method, path }) => method !== "ALL" && path.startsWith(prefix))
      .map(({ method, path }) => {
        const shape = path.slice(prefix.length - 1).replaceAll(/:(\w+)/g, "{$1}");
        return `${method.toLowerCase()} ${shape}`;
      });
    expect(described.toSorted()).toEqual([...new Set(routed)].toSorted());
    expect(described.length).toBeGreaterThan(40);
  });
});
test("without a version it is 3.1, and one that there is not is refused", async () => {
  expect(await documentOf("")).toEqual(await documentOf("3.1"));
  for (const asked of ["3.0", "constructor"]) {
    const response = await app.request(`/api/v1/openapi.yaml?openapi_version=${asked}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      status: "error",
      errorType: "bad_data",
      error: `invalid parameter "openapi_version": unsupported version "${asked}", must be 3.1 or 3.2`,
    });
  }
});
test("answers are as the document says", async () => {
  const { paths } = await documentOf("3.1");
  const asked: Readonly<Record<string, string>> = {
    "/query": "query=up",
    "/query_range": "query=up&start=0&end=60&step=15",
    "/query_exemplars": "query=up",
    "/format_query": "query=up",
    "/parse_query": "query=up",
    "/series": "match[]=up",
    "/search/label_values": "label=job",
    "/scrape_pools/config": "scrapePool=a",
    "/targets/relabel_steps": "scrapePool=a&labels={}",
  };
  const ajv = new Ajv({ strict: false, allErrors: true });
  for (const [path, { get }] of Object.entries(paths)) {
    // A stream goes on for as long as it is read.
    if (get === undefined || path === "/notifications/live") continue;
    const url = `/api/v1${path.replace("{name}", "job")}?${asked[path] ?? ""}`;
    const response = await app.request(url);
    const [type = "", media] = Object.entries(get.responses["200"]?.content ?? {})[0] ?? [];
    expect([url, response.status]).toEqual([url, 200]);
    expect([url, response.headers.get("content-type")?.split(";")[0]]).toEqual([url, type]);
    if (type !== "application/json") continue;
    const check = ajv.compile(media?.schema ?? {});
    expect([url, check(await response.json()), check.errors]).toEqual([url, true, null]);
  }
});
