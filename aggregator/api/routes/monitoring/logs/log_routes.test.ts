import { expect, test } from "bun:test";
import { noSql } from "#aggregator/query/sql/sql_engine.fixture.ts";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { memoryLogs } from "#aggregator/query/memory_logs.fixture.ts";
import type { LogRecord } from "#aggregator/read/source.ts";
import { Tails } from "#aggregator/tail/tails.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { ContextAnswer, DifferenceAnswer, FacetsAnswer } from "./log_schemas.ts";
import { emptyConfig } from "#aggregator/notify/config/read_config.ts";
import { RulesConfig } from "#aggregator/rules/config.ts";
import { noRules } from "#aggregator/rules/rules_view.ts";
import { openStoredRules } from "#aggregator/rules/stored/stored_rules.fixture.ts";
import { monitoringRoutes } from "../routes.ts";

const shop = { service_name: "shop", host: "a" };
const other = { service_name: "shop", host: "a", zone: "z" };

/** A shop whose payments fail on one of four regions, and only by one card. */
function record(i: number): LogRecord {
  const region = ["eu", "us", "ap", "sa"][i % 4] ?? "";
  const isFailed = region === "sa" && i % 8 === 3;
  const body = isFailed
    ? `{"region":"${region}","card":"visa","msg":"payment ${i} refused by gateway"}`
    : `{"region":"${region}","card":"${i % 3 === 0 ? "visa" : "amex"}","msg":"payment ${i} taken"}`;
  return {
    timestampNs: BigInt(i) * 1_000_000_000n + 7n,
    stream: shop,
    body,
    severity: isFailed ? 17 : 9,
  };
}
const records = Array.from({ length: 400 }, (_, i) => record(i));
const twin: LogRecord = { timestampNs: 100_000_000_008n, stream: other, body: "twin", severity: 9 };

const tails = new Tails();
const app = monitoringRoutes({
  sql: noSql,
  engine: createPromqlEngine(new MemoryMetrics(), PromqlConfig.parse({})),
  metrics: new MemoryMetrics(),
  promql: PromqlConfig.parse({}),
  logs: memoryLogs([...records.slice(0, 101), twin, ...records.slice(101)]),
  clock: { ...systemClock, now: () => 400_000 },
  tenant: () => "default",
  version: "1.2.3",
  tails,
  onDropped: () => {},
  notifications: async () => [],
  rules: () => noRules,
  storedRules: await openStoredRules(),
  rulesConfig: () => RulesConfig.parse({}),
  routing: emptyConfig,
});
const get = async (path: string, parameters: Readonly<Record<string, string>>) => {
  const query = new URLSearchParams(parameters);
  const answer = await app.request(`/api/v1/monitoring/logs/${path}?${query}`);
  return { status: answer.status, json: (await answer.json()) as unknown };
};

test("/logs/facets counts values of labels, metadata and what stands in lines", async () => {
  const { json } = await get("facets", { level: "error", from: "0", limit: "2" });
  const answer = FacetsAnswer.parse(json);
  expect([answer.records, answer.complete]).toEqual([50, true]);
  const facet = (name: string) => answer.fields.find(({ field }) => field === name);
  expect(facet("region")).toEqual({
    field: "region",
    source: "line",
    type: "string",
    count: 50,
    distinct: 1,
    values: [{ value: "sa", count: 50 }],
  });
  expect(facet("detected_level")).toMatchObject({ source: "metadata", distinct: 1 });
  expect(facet("host")).toMatchObject({ source: "label", values: [{ value: "a", count: 50 }] });
  expect(facet("msg")).toMatchObject({ distinct: 50, values: [{ count: 1 }, { count: 1 }] });
});
test("/logs/facets takes names of fields and looks at so many records", async () => {
  const { json } = await get("facets", { fields: "region,nope", from: "0", lines: "100" });
  expect(json).toMatchObject({ records: 100, complete: false, fields: [{ field: "region" }] });
  expect(FacetsAnswer.parse(json).fields).toHaveLength(1);
});
test("/logs/context gives neighbours in the same stream, whichever streams have more labels", async () => {
  const { json } = await get("context", {
    stream: '{service_name="shop", host="a"}',
    time: "1970-01-01T00:01:40.000000007Z",
    before: "2",
    after: "3",
  });
  const { before, at, after } = ContextAnswer.parse(json);
  const numbers = (list: typeof before) => list.map(({ body }) => Number(/\d+/.exec(body)?.[0]));
  expect([before, at, after].map(numbers)).toEqual([[98, 99], [100], [101, 102, 103]]);
  const twins = await get("context", {
    stream: '{service_name="shop", host="a", zone="z"}',
    time: "1970-01-01T00:01:40.000000008Z",
  });
  expect(twins.json).toMatchObject({ before: [], at: [{ body: "twin" }], after: [] });
});
test("/logs/difference finds what failures have in common", async () => {
  const { json } = await get("difference", { level: "error", service: "shop", from: "0" });
  const { selected, rest, differences } = DifferenceAnswer.parse(json);
  expect([selected, rest]).toEqual([
    { records: 50, complete: true },
    { records: 351, complete: true },
  ]);
  const of = (name: string) => differences.filter((one) => one.name === name);
  expect(of("region")).toMatchObject([{ value: "sa", selected: 50, rest: 50 }]);
  expect(of("region")[0]?.lift).toBeCloseTo(351 / 50);
  expect(of("card")).toMatchObject([{ kind: "field", value: "visa", selected: 50 }]);
  expect(of("pattern")).toMatchObject([{ kind: "pattern", selected: 50, rest: 0, lift: null }]);
  expect(of("pattern")[0]?.value).toContain("refused by gateway");
  // What both have alike, and what comes once, tell nothing.
  expect([...of("host"), ...of("msg")]).toEqual([]);
  expect(differences.map(({ score }) => score)).toEqual(
    differences.map(({ score }) => score).toSorted((a, b) => b - a),
  );
});
test("/logs/difference compares with what it is told to, without formats that would hide it", async () => {
  const { json } = await get("difference", {
    query: '{host="a"} | json | region="sa" | line_format "x"',
    against: '{host="a"} |= "amex"',
    from: "0",
    limit: "1",
  });
  const { rest, differences } = DifferenceAnswer.parse(json);
  expect(differences).toHaveLength(1);
  expect(differences[0]).toMatchObject({ name: "region", value: "sa", selected: 100 });
  expect(rest.records).toBe(
    records.filter(({ body }) => /amex/.test(body) && !/"sa"/.test(body)).length,
  );
});
test.each([
  ["facets", { query: "{a=`b`} | json |" }, "parse error"],
  ["facets", { lines: "50001" }, "expected 1 to 50000"],
  ["facets", { limit: "0" }, "expected 1 to 1000"],
  ["facets", { from: "9", to: "8" }, "from must not be after to"],
  ["facets", { nope: "1" }, "nope"],
  ["context", { time: "1970-01-01T00:01:40Z" }, "stream"],
  ["context", { stream: "{a=~`b`}", time: "1970-01-01T00:01:40Z" }, 'expected {name="value", ...}'],
  ["context", { stream: "{a=`b`}", time: "yesterday" }, "expected RFC 3339 or Unix nanoseconds"],
  ["difference", { against: "{" }, "parse error"],
  ["stream", { level: "loud" }, "level"],
  ["stream", { history: "1001" }, "expected 0 to 1000"],
])("/logs/%s refuses %o", async (path, parameters, reason) => {
  const { status, json } = await get(path, parameters);
  expect(status).toBe(400);
  expect(json).toEqual({ error: expect.stringContaining(reason) });
});

const arrived = (body: string): LogsBatch => ({
  streams: [shop],
  streamOf: Uint32Array.of(0),
  timestampsMs: Float64Array.of(500_000),
  nanos: Uint32Array.of(1),
  severities: Uint8Array.of(body.includes("refused") ? 17 : 9),
  bodies: new Uint8Array(Buffer.from(body)),
  bodyEnds: Uint32Array.of(Buffer.byteLength(body)),
});

test("/logs/stream sends what there is and what arrives, filtered, until the reader goes", async () => {
  const path = "/api/v1/monitoring/logs/stream?level=error&service=shop&history=1";
  const answer = await app.request(path);
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error("no body");
  let text = "";
  const decoder = new TextDecoder();
  const readUntil = async (word: string) => {
    while (!text.includes(word)) text += decoder.decode((await reader.read()).value);
  };
  await readUntil("payment 395 refused");
  tails.arrived("default", arrived("payment 500 taken"));
  tails.arrived("default", arrived("payment 501 refused"));
  await readUntil("payment 501");
  const messages = text.split("\n\n").filter((message) => message.startsWith("data: "));
  expect(messages.map((message) => JSON.parse(message.slice(6)))).toEqual([
    expect.objectContaining({ level: "error", service: "shop", body: records[395]?.body }),
    {
      time: "1970-01-01T00:08:20.000000001Z",
      level: "error",
      service: "shop",
      body: "payment 501 refused",
      labels: shop,
      attributes: {},
    },
  ]);
  expect(tails.size()).toEqual({ followers: 1, queries: 1 });
  await reader.cancel();
  expect(tails.size()).toEqual({ followers: 0, queries: 0 });
});
test("/logs/stream tells a slow reader how much it missed", async () => {
  const answer = await app.request("/api/v1/monitoring/logs/stream");
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error("no body");
  await Bun.sleep(5);
  // More than stream and session hold.
  const line = "x".repeat(512 * 1_024);
  for (let i = 0; i < 40; i++) {
    tails.arrived("default", arrived(`${i} ${line}`));
    await Bun.sleep(0);
  }
  await Bun.sleep(20);
  let text = "";
  const decoder = new TextDecoder();
  while (!text.includes(`"39 x`)) text += decoder.decode((await reader.read()).value);
  await reader.cancel();
  const dropped = Number(/event: dropped\ndata: \{"count":(\d+)\}/.exec(text)?.[1]);
  const seen = text.split("\n\n").filter((message) => message.startsWith("data: ")).length;
  expect(dropped).toBeGreaterThan(10);
  expect(dropped + seen).toBe(40);
});
