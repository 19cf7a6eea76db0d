import { expect, test } from "bun:test";
import { systemClock } from "#shared/runtime/clock.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { searchRoutes } from "./routes.ts";

const hourMs = 3_600_000;
const metrics = new MemoryMetrics();
metrics.add({ __name__: "http_requests_total", job: "api", code: "200" }, 2 * hourMs, 1);
metrics.add({ __name__: "http_requests_failed", job: "web", code: "500" }, 2 * hourMs, 1);
metrics.add({ __name__: "grpc_http_requests", job: "api" }, 2 * hourMs, 1);
metrics.add({ __name__: "node_load1", instance: "a" }, 2 * hourMs, 1);
metrics.add({ __name__: "http_old", age: "old" }, 0, 1);
metrics.families.push({
  name: "http_requests_total",
  type: "counter",
  help: "Requests.",
  unit: "",
});
const app = searchRoutes({
  metrics,
  clock: { ...systemClock, now: () => 2 * hourMs },
  tenant: () => "default",
});

async function lines(path: string): Promise<unknown[]> {
  const response = await app.request(`/search/${path}`);
  expect(response.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
  const text = await response.text();
  expect(text).toEndWith("\n");
  return text
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

const named = (...names: string[]) => ({ results: names.map((name) => ({ name })) });
const end = { status: "success", has_more: false };
const more = { status: "success", has_more: true };

test("names of the last hour are listed by alphabet, and further back from a start", async () => {
  const recent = [
    "grpc_http_requests",
    "http_requests_failed",
    "http_requests_total",
    "node_load1",
  ];
  expect(await lines("metric_names")).toEqual([named(...recent), end]);
  const all = [recent[0] ?? "", "http_old", ...recent.slice(1)];
  expect(await lines("metric_names?start=0")).toEqual([named(...all), end]);
});
test("terms match as subsequences, any of them, in any case when asked", async () => {
  expect(await lines("metric_names?search[]=htrqto")).toEqual([named("http_requests_total"), end]);
  expect(await lines("metric_names?search[]=load&search[]=grpc")).toEqual([
    named("grpc_http_requests", "node_load1"),
    end,
  ]);
  expect(await lines("metric_names?search[]=&search[]=load")).toEqual([named("node_load1"), end]);
  expect(await lines("metric_names?search[]=&limit=1")).toEqual([
    named("grpc_http_requests"),
    more,
  ]);
  expect(await lines("metric_names?search[]=LOAD")).toEqual([named(), end]);
  expect(await lines("metric_names?search[]=LOAD&case_sensitive=false")).toEqual([
    named("node_load1"),
    end,
  ]);
});
test("by score the best comes first, with its score where asked", async () => {
  const path = "metric_names?search[]=http&sort_by=score&include_score=true";
  expect(await lines(path)).toEqual([
    {
      results: [
        { name: "http_requests_failed", score: 1 },
        { name: "http_requests_total", score: 1 },
        // A run of 4 after 5 of 18 characters, 9 behind it: (16 - 5/18 - 9/36) / 16.
        { name: "grpc_http_requests", score: expect.closeTo((16 - 5 / 18 - 9 / 36) / 16, 12) },
      ],
    },
    end,
  ]);
  expect(await lines("metric_names?search[]=http&fuzz_threshold=99")).toEqual([
    named("http_requests_failed", "http_requests_total"),
    end,
  ]);
});
test("Jaro-Winkler finds what is contained, and what is similar from a threshold on", async () => {
  const query = "fuzz_alg=jarowinkler&search[]=http_reqeusts_total";
  expect(await lines(`metric_names?${query}`)).toEqual([named(), end]);
  expect(await lines(`metric_names?${query}&fuzz_threshold=95`)).toEqual([
    named("http_requests_total"),
    end,
  ]);
  expect(await lines("metric_names?fuzz_alg=jarowinkler&search[]=requests_t")).toEqual([
    named("http_requests_total"),
    end,
  ]);
});
test("results come in batches up to the limit, and whether there are more", async () => {
  expect(await lines("metric_names?limit=3&batch_size=2&sort_by=alpha&sort_dir=dsc")).toEqual([
    named("node_load1", "http_requests_total"),
    named("http_requests_failed"),
    more,
  ]);
  expect(await lines("metric_names?limit=4")).toMatchObject([{}, end]);
});
test("metadata is added to the metrics that have some", async () => {
  expect(await lines("metric_names?search[]=http_req&include_metadata=true")).toEqual([
    {
      results: [
        { name: "grpc_http_requests" },
        { name: "http_requests_failed" },
        { name: "http_requests_total", type: "counter", help: "Requests." },
      ],
    },
    end,
  ]);
});
test("names and values of labels are searched, within selectors, by GET and POST", async () => {
  expect(await lines("label_names?match[]=node_load1&match[]=http_requests_total")).toEqual([
    named("__name__", "code", "instance", "job"),
    end,
  ]);
  expect(await lines("label_values?label=code&search[]=0")).toEqual([
    { results: [{ value: "200" }, { value: "500" }] },
    end,
  ]);
  const posted = await app.request("/search/label_values", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "label=code&match[]=http_requests_failed",
  });
  expect(await posted.text()).toBe(
    '{"results":[{"value":"500"}]}\n{"status":"success","has_more":false}\n',
  );
});
test("what can't be read is refused in the envelope", async () => {
  const tooMany = Array.from({ length: 33 }, () => "search[]=a").join("&");
  for (const [path, error] of [
    ["metric_names?fuzz_threshold=101", 'invalid fuzz_threshold "101": must be 0-100'],
    [
      "metric_names?fuzz_alg=x",
      'unsupported fuzz_alg "x": must be one of [subsequence jarowinkler]',
    ],
    ["metric_names?case_sensitive=x", 'invalid case_sensitive "x": must be boolean'],
    ["metric_names?include_metadata=x", 'invalid include_metadata "x": must be boolean'],
    ["metric_names?sort_dir=asc", "sort_dir is only valid when sort_by is set"],
    ["metric_names?sort_by=alpha&sort_dir=up", 'invalid sort_dir "up": must be "asc" or "dsc"'],
    ["metric_names?sort_by=score", "sort_by=score requires search[] to be set"],
    [
      "metric_names?sort_by=score&sort_dir=asc&search[]=a",
      "sort_dir is not supported for sort_by=score",
    ],
    [
      "label_names?sort_by=size",
      'invalid sort_by "size" for label_names: must be "alpha" or "score"',
    ],
    ["metric_names?limit=-1", 'invalid limit "-1": must be non-negative integer'],
    [
      "metric_names?limit=10001",
      "limit 10001 exceeds the configured maximum (10000, see --web.search.max-limit)",
    ],
    ["metric_names?batch_size=x", 'invalid batch_size "x": must be non-negative integer'],
    [`metric_names?${tooMany}`, "too many search[] terms: got 33, maximum is 32"],
    ["metric_names?start=2&end=1", "end timestamp must not be before start timestamp"],
    ["label_values", 'missing required parameter "label"'],
  ] as const) {
    const response = await app.request(`/search/${path}`);
    expect([path, response.status, await response.json()]).toEqual([
      path,
      400,
      { status: "error", errorType: "bad_data", error },
    ]);
  }
});
