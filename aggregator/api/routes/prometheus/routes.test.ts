import { describe, expect, test } from "bun:test";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { Lifecycle } from "#shared/runtime/lifecycle.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { noRules } from "#aggregator/rules/rules_view.ts";
import { prometheusRoutes } from "./routes.ts";

const metrics = new MemoryMetrics();
for (let i = 0; i <= 10; i++) {
  metrics.add({ __name__: "http_requests_total", job: "api", code: "200" }, i * 15_000, i * 30);
  metrics.add({ __name__: "http_requests_total", job: "api", code: "500" }, i * 15_000, i);
}
metrics.add({ __name__: "odd", "label.with.dots": "x" }, 1_500, Number.NaN);
metrics.families.push(
  { name: "http_requests_total", type: "counter", help: "Requests.", unit: "" },
  { name: "odd", type: "gauge", help: "", unit: "" },
);

const target = {
  discoveredLabels: { __address__: "a:1" },
  labels: { job: "api", instance: "a:1" },
  scrapePool: "api",
  scrapeUrl: "http://a:1/metrics",
  globalUrl: "http://a:1/metrics",
  lastError: "",
  lastScrape: "2026-01-01T00:00:00Z",
  lastScrapeDuration: 0.01,
  health: "up",
  scrapeInterval: "15s",
  scrapeTimeout: "10s",
} as const;

const app = prometheusRoutes({
  engine: createPromqlEngine(metrics, PromqlConfig.parse({ samples_max: 1_000 })),
  metrics,
  exemplars: { select: () => Promise.resolve([]) },
  clock: { ...systemClock, now: () => 150_000 },
  tenant: () => "default",
  build: { version: "0.1.0", revision: "abc", branch: "main", buildUser: "", buildDate: "" },
  startedMs: 0,
  storageRetention: "30d",
  pools: () => new Map(),
  targets: () => ({ active: [target], dropped: [{ discoveredLabels: {}, scrapePool: "api" }] }),
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

async function get(path: string): Promise<{ status: number; text: string }> {
  const response = await app.request(`/api/v1${path}`);
  return { status: response.status, text: await response.text() };
}

async function resultOf(query: string): Promise<string> {
  return (await get(`/query?time=0&query=${encodeURIComponent(query)}`)).text;
}

async function post(path: string, form: string): Promise<{ status: number; text: string }> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const response = await app.request(`/api/v1${path}`, { method: "POST", headers, body: form });
  return { status: response.status, text: await response.text() };
}

describe("/query", () => {
  test("answers Grafana's health check to the letter", async () => {
    expect(await post("/query", "query=1%2B1&time=4")).toEqual({
      status: 200,
      text: '{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}',
    });
  });
  test("answers a vector with sorted labels, values as text and fractions of seconds in three digits", async () => {
    expect(
      (await get("/query?query=http_requests_total%7Bcode%3D%22200%22%7D&time=60.5")).text,
    ).toBe(
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"http_requests_total","code":"200","job":"api"},"value":[60.500,"120"]}]}}',
    );
  });
  test("answers an empty vector as [] and not as null", async () => {
    expect((await get("/query?query=nothing")).text).toContain('"result":[]');
  });
  test("writes NaN, infinities and small numbers as Go does", async () => {
    expect(await resultOf("0/0")).toContain('[0,"NaN"]');
    expect(await resultOf("1/0")).toContain('[0,"+Inf"]');
    expect(await resultOf("-1/0")).toContain('[0,"-Inf"]');
    expect(await resultOf("1e-7")).toContain('[0,"1e-07"]');
    expect(await resultOf("1e21")).toContain('[0,"1e+21"]');
  });
  test("answers a range selector with raw samples, left-open", async () => {
    expect(
      (await get("/query?time=30&query=http_requests_total%7Bcode%3D%22500%22%7D%5B30s%5D")).text,
    ).toBe(
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"http_requests_total","code":"500","job":"api"},"values":[[15,"1"],[30,"2"]]}]}}',
    );
  });
  test("takes the body before the URL", async () => {
    expect((await post("/query?query=2&time=1", "query=3")).text).toContain('"result":[1,"3"]');
  });
  test("refuses a bad expression with its place", async () => {
    expect(await get("/query?query=sum(")).toEqual({
      status: 400,
      text: '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"query\\": 1:5: parse error: unclosed left parenthesis"}',
    });
  });
  test("refuses a time that is none", async () => {
    expect((await get("/query?query=1&time=noon")).text).toBe(
      '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"time\\": invalid time value for \'time\': cannot parse \\"noon\\" to a valid timestamp"}',
    );
  });
  test("cuts at the limit and says so", async () => {
    const { text } = await get("/query?query=http_requests_total&limit=1");
    expect(text.match(/"metric"/g)?.length).toBe(1);
    expect(text).toContain('"warnings":["results truncated due to limit"]');
  });
  test("tells infos with their place", async () => {
    expect(
      (
        await get(
          "/query?time=60&query=rate(odd%5B5m%5D)%20or%20increase(http_requests_total%5B1m%5D)",
        )
      ).text,
    ).not.toContain("infos");
    metrics.add({ __name__: "gauge_like" }, 1_000, 1);
    metrics.add({ __name__: "gauge_like" }, 2_000, 2);
    expect((await get("/query?time=60&query=rate(gauge_like%5B5m%5D)")).text).toContain(
      '"infos":["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \\"gauge_like\\" (1:6)"]',
    );
  });
  test("answers 422 where an operator meets what it may not", async () => {
    const query = encodeURIComponent("http_requests_total + on(job) http_requests_total");
    const { status, text } = await get(`/query?query=${query}`);
    expect(status).toBe(422);
    expect(text).toStartWith(
      '{"status":"error","errorType":"execution","error":"found duplicate series for the match group {job=\\"api\\"}',
    );
  });
  test("answers 503 when the timeout is over", async () => {
    const { status, text } = await get("/query?query=http_requests_total&timeout=-1");
    expect(status).toBe(503);
    expect(text).toContain('"errorType":"timeout"');
  });
  test("shows stats when asked", async () => {
    expect((await get("/query?query=http_requests_total&stats=true")).text).toContain(
      '"samples":{"totalQueryableSamples":2,"samplesRead":2,"peakSamples":',
    );
  });
});

describe("/query_range", () => {
  test("answers a matrix at start, start + step, ... up to end", async () => {
    const query = encodeURIComponent("sum(rate(http_requests_total[1m]))");
    expect((await get(`/query_range?query=${query}&start=60&end=95&step=15`)).text).toBe(
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[60,"2.0666666666666664"],[75,"2.0666666666666664"],[90,"2.0666666666666664"]]}]}}',
    );
  });
  test("refuses more than 11,000 points, and allows 11,000", async () => {
    expect((await get("/query_range?query=1&start=0&end=11000&step=1")).status).toBe(200);
    const { status, text } = await get("/query_range?query=1&start=0&end=11001&step=1");
    expect(status).toBe(400);
    expect(text).toContain('"error":"exceeded maximum resolution of 11,000 points per timeseries.');
  });
  test("refuses a range selector, an end before the start, a step of zero", async () => {
    expect((await get("/query_range?query=up%5B5m%5D&start=0&end=1&step=1")).text).toContain(
      'invalid expression type \\"range vector\\" for range query, must be Scalar or instant Vector',
    );
    expect((await get("/query_range?query=1&start=2&end=1&step=1")).text).toContain(
      "end timestamp must not be before start time",
    );
    expect((await get("/query_range?query=1&start=0&end=1&step=0")).text).toContain(
      'invalid parameter \\"step\\": zero or negative',
    );
  });
});

describe("metadata", () => {
  test("/labels and /label/../values are sorted, and follow match[]", async () => {
    expect((await get("/labels")).text).toBe(
      '{"status":"success","data":["__name__","code","job","label.with.dots"]}',
    );
    expect((await post("/labels", "match%5B%5D=odd")).text).toBe(
      '{"status":"success","data":["__name__","label.with.dots"]}',
    );
    expect((await get("/label/code/values?limit=1")).text).toBe(
      '{"status":"success","data":["200"],"warnings":["results truncated due to limit"]}',
    );
  });
  test("/label reads escaped names", async () => {
    expect((await get("/label/U__label_2e_with_2e_dots/values")).text).toBe(
      '{"status":"success","data":["x"]}',
    );
  });
  test("/series needs a matcher that is not empty", async () => {
    expect((await get("/series")).text).toContain("no match[] parameter provided");
    expect((await get("/series?match%5B%5D=%7Ba%3D%22%22%7D")).text).toContain(
      'invalid parameter \\"match[]\\": match[] must contain at least one non-empty matcher',
    );
    expect((await get("/series?match%5B%5D=odd&match%5B%5D=nothing")).text).toBe(
      '{"status":"success","data":[{"__name__":"odd","label.with.dots":"x"}]}',
    );
  });
  test("/metadata maps names to lists", async () => {
    expect((await get("/metadata?metric=http_requests_total")).text).toBe(
      '{"status":"success","data":{"http_requests_total":[{"type":"counter","help":"Requests.","unit":""}]}}',
    );
    expect(JSON.parse((await get("/metadata?limit=1")).text).data).toHaveProperty(
      "http_requests_total",
    );
  });
  test("/format_query spells canonically", async () => {
    expect((await get("/format_query?query=SUM(a)BY(b)%20/bool")).status).toBe(400);
    expect((await get("/format_query?query=SUM(a)BY(b)%2F%20ON(b)c%5B5m%3A%5D")).status).toBe(400);
    expect((await get("/format_query?query=SUM(a)BY(b)%2FON(b)c")).text).toBe(
      '{"status":"success","data":"sum by (b) (a) / on (b) c"}',
    );
  });
});

describe("status", () => {
  test("/targets shows what the callback gives, by state", async () => {
    expect((await get("/targets?state=active")).text).toBe(
      `{"status":"success","data":{"activeTargets":[${JSON.stringify(target)}],"droppedTargets":[],"droppedTargetCounts":null}}`,
    );
    expect((await get("/targets?state=dropped&scrapePool=other")).text).toBe(
      '{"status":"success","data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{"api":1}}}',
    );
  });
  test("/status/buildinfo has no features, so that Grafana takes it for Prometheus", async () => {
    const { data } = JSON.parse((await get("/status/buildinfo")).text);
    expect(Object.keys(data)).toEqual([
      "version",
      "revision",
      "branch",
      "buildUser",
      "buildDate",
      "goVersion",
      "lapwingVersion",
    ]);
    expect(data).toMatchObject({ version: "3.8.0", lapwingVersion: "0.1.0" });
    expect(JSON.parse((await get("/status/runtimeinfo")).text).data.storageRetention).toBe("30d");
  });
});

test("answers are gzip when the client takes that", async () => {
  const response = await app.request("/api/v1/query_range?query=time()&start=0&end=1000&step=1", {
    headers: { "accept-encoding": "gzip" },
  });
  expect(response.headers.get("content-encoding")).toBe("gzip");
  const text = new TextDecoder().decode(Bun.gunzipSync(await response.arrayBuffer()));
  expect(text).toStartWith('{"status":"success","data":{"resultType":"matrix"');
});

const promtool = Bun.which("promtool");

/** What promtool prints for a query against a server of these routes. */
async function promtoolQuery(
  kind: string,
  args: readonly string[],
  rest: readonly string[],
): Promise<string> {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app.fetch });
  try {
    const command = [promtool ?? "", "query", kind, ...args, server.url.toString(), ...rest];
    const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
    const out = await new Response(child.stdout).text();
    expect(await new Response(child.stderr).text()).toBe("");
    return out;
  } finally {
    await server.stop(true);
  }
}

describe.skipIf(promtool === null)("promtool query (needs promtool)", () => {
  const times = ["--start=0", "--end=200"];
  test("instant", async () => {
    expect(await promtoolQuery("instant", ["--time=60"], ['http_requests_total{code="500"}'])).toBe(
      'http_requests_total{code="500", job="api"} => 4 @[60]\n',
    );
  });
  test("range", async () => {
    const args = ["--start=60", "--end=75", "--step=15s"];
    expect(await promtoolQuery("range", args, ["sum(http_requests_total)"])).toBe(
      "{} =>\n124 @[60]\n155 @[75]\n",
    );
  });
  test("series", async () => {
    expect(
      await promtoolQuery("series", [...times, '--match=http_requests_total{code="500"}'], []),
    ).toBe('{__name__="http_requests_total", code="500", job="api"}\n');
  });
  test("labels", async () => {
    expect(await promtoolQuery("labels", times, ["code"])).toBe("200\n500\n");
  });
});
