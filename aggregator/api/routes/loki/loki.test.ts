import { expect, test } from "bun:test";
import type { Labels } from "#shared/model/labels.ts";
import { scanBySelect } from "../../../read/record_slices.ts";
import type { LogRecord, LogSelectRequest, LogsSource } from "../../../read/source.ts";
import { Tails } from "../../../tail/tails.ts";
import { noRules } from "../../../rules/rules_view.ts";
import { lokiRoutes } from "./loki.ts";

const second = 1_000_000_000n;
const record = (
  at: bigint,
  body: string,
  severity = 9,
  stream: Labels = { job: "app" },
): LogRecord => ({
  timestampNs: at * second,
  stream,
  body,
  severity,
});
const records = [
  record(100n, "one"),
  record(110n, "two error", 17),
  record(120n, "three", 9, { job: "db" }),
  record(130n, "four"),
];

/** A store that knows equality and `|=` only: enough to see what the routes ask for and what they make of it. */
const asked: LogSelectRequest[] = [];
const select: LogsSource["select"] = async (request) => {
  asked.push(request);
  const found = records
    .filter(({ timestampNs }) => timestampNs >= request.startNs && timestampNs < request.endNs)
    .filter(({ stream }) => request.matchers.every(({ name, value }) => stream[name] === value))
    .filter(({ body }) =>
      request.lineFilters.every(({ values }) => values.some((v) => body.includes(v))),
    );
  return (request.direction === "forward" ? found : found.toReversed()).slice(0, request.limit);
};
const logs: LogsSource = {
  select,
  scan: (request) => scanBySelect(select, request),
  eachStream: async (_, visit) => visit({ job: "app" }),
  series: async () => [{ job: "app" }],
  labelNames: async () => ["job"],
  labelValues: async (name) => [`${name}-value`],
};
const app = lokiRoutes({
  rules: () => noRules,
  logs,
  tenant: "default",
  now: () => 200_000,
  tails: new Tails(),
  onDropped: () => {},
  build: { version: "1.2.3", revision: "abc", branch: "main", buildUser: "", buildDate: "" },
  config: () => "listen: nowhere\n",
});
const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await app.request(`/loki/api/v1${path}`, { headers });
  const text = await response.text();
  return { status: response.status, text, type: response.headers.get("content-type") };
};
const data = async (path: string, headers: Record<string, string> = {}) =>
  JSON.parse((await get(path, headers)).text).data;
const query = (text: string) => `query=${encodeURIComponent(text)}`;

test("query_range answers streams, newest first", async () => {
  const { resultType, result } = await data(`/query_range?${query('{job="app"}')}`);
  expect(resultType).toBe("streams");
  expect(result).toEqual([
    {
      stream: { job: "app", detected_level: "info" },
      values: [
        ["130000000000", "four"],
        ["100000000000", "one"],
      ],
    },
    { stream: { job: "app", detected_level: "error" }, values: [["110000000000", "two error"]] },
  ]);
});
test("query_range with categorized labels keeps the stream whole and says so before the result", async () => {
  const headers = { "X-Loki-Response-Encoding-Flags": "categorize-labels" };
  const { text } = await get(`/query_range?${query('{job="app"}')}&limit=1`, headers);
  expect(text.indexOf("encodingFlags")).toBeLessThan(text.indexOf('"result"'));
  expect(JSON.parse(text).data.result).toEqual([
    {
      stream: { job: "app" },
      values: [
        ["130000000000", "four", { structuredMetadata: { detected_level: "info" }, parsed: {} }],
      ],
    },
  ]);
});
test("query_range hands line filters and bounds to the store", async () => {
  await get(
    `/query_range?${query('{job="app"} |= "err" or "two"')}&start=100&end=111&direction=FORWARD`,
  );
  expect(asked.at(-1)).toMatchObject({
    lineFilters: [{ op: "|=", values: ["err", "two"] }],
    startNs: 100n * second,
    endNs: 111n * second,
    direction: "forward",
  });
});
test("query_range filters by level", async () => {
  const { result } = await data(`/query_range?${query('{job="app"} | detected_level="error"')}`);
  expect(result[0].values).toEqual([["110000000000", "two error"]]);
});
test("query_range of a metric counts what lies in each left-open window", async () => {
  const text = query('sum by (job) (count_over_time({job="app"}[20s]))');
  const { resultType, result } = await data(`/query_range?${text}&start=110&end=130&step=10`);
  expect(resultType).toBe("matrix");
  expect(result).toEqual([
    {
      metric: { job: "app" },
      values: [
        [110, "2"],
        [120, "1"],
        [130, "1"],
      ],
    },
  ]);
});
test("query_range rounds the steps outwards, so that the newest lines are in some window", async () => {
  const text = query('sum by (job) (count_over_time({job="app"}[10s]))');
  const { result } = await data(`/query_range?${text}&start=105&end=121.5&step=10`);
  expect(result[0].values).toEqual([
    [100, "1"],
    [110, "1"],
    [130, "1"],
  ]);
  const { result: ones } = await data(
    `/query_range?${query("vector(1)")}&start=101&end=129&step=30`,
  );
  expect(ones[0].values).toEqual([
    [90, "1"],
    [120, "1"],
    [150, "1"],
  ]);
});
test("query answers the health check of Grafana", async () => {
  const { resultType, result } = await data(
    `/query?${query("vector(1)+vector(1)")}&time=4000000000`,
  );
  expect(resultType).toBe("vector");
  expect(result).toEqual([{ metric: {}, value: [4_000_000_000, "2"] }]);
});
test("labels, values and series have Loki's envelope", async () => {
  expect(JSON.parse((await get("/labels")).text)).toEqual({ status: "success", data: ["job"] });
  expect(await data("/label/job/values")).toEqual(["job-value"]);
  expect(await data(`/series?match[]=${encodeURIComponent('{job="app"}')}`)).toEqual([
    { job: "app" },
  ]);
});
test.each([
  ['{job="app"', "syntax error"],
  ["{}", "at least one regexp or equality matcher"],
  ['{job=~".*"}', "at least one regexp or equality matcher"],
  ['{job="app"} | json a="["', "cannot parse expression"],
  ['{job=~"(?=x)"}', "regular expression"],
])("a query such as %s is refused in plain text", async (text, reason) => {
  const { status, text: body, type } = await get(`/query_range?${query(text)}`);
  expect([status, type]).toEqual([400, "text/plain; charset=utf-8"]);
  expect(body).toContain(reason);
});
test.each([
  ["limit=0", "limit must be a positive value"],
  ["limit=x", 'strconv.Atoi: parsing "x": invalid syntax'],
  ["limit=6000", "max entries limit per query exceeded, limit > max_entries_limit (6000 > 5000)"],
  ["direction=up", "invalid direction 'up'"],
  ["start=x", `could not parse 'start' parameter: strconv.ParseInt: parsing "x": invalid syntax`],
  ["end=2026", undefined],
  [
    "end=2026-11-21",
    `could not parse 'end' parameter: strconv.ParseInt: parsing "2026-11-21": invalid syntax`,
  ],
  ["start=10&end=5", "end timestamp must not be before or equal to start time"],
  ["step=x", 'cannot parse "x" to a valid duration'],
  ...["step=0", "step=-5"].map((step) => [
    step,
    "zero or negative query resolution step widths are not accepted. Try a positive integer",
  ]),
  ["interval=-1", "interval must be >= 0"],
  ["limit=&start=&end=&step=&since=&direction=&interval=", undefined],
])("a parameter such as %s is refused in Loki's words, or taken", async (parameter = "", words) => {
  const text = parameter.startsWith("step") ? 'count_over_time({job="app"}[1m])' : '{job="app"}';
  const { status, text: body } = await get(`/query_range?${query(text)}&${parameter}`);
  expect(status).toBe(words === undefined ? 200 : 400);
  if (words !== undefined) expect(body).toBe(words);
});
