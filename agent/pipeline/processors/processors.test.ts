import { expect, test } from "bun:test";
import type { Clock } from "#shared/runtime/clock.ts";
import { chainOf, processed, recordsOf, refusals } from "#test/support/processed.ts";
import { linesBatch } from "#test/support/lines_batch.ts";

const bodies = (entries: readonly unknown[], lines: readonly string[]) =>
  processed(entries, lines).records.map(({ body }) => body);

/** A clock that stands where it is put. */
function stoppedClock(): Clock & { nowMs: number } {
  const clock = {
    nowMs: 1_700_000_000_000,
    now: () => clock.nowMs,
    monotonic: () => clock.nowMs,
    sleep: async () => {},
  };
  return clock;
}

test("drop and keep go by selector, line filters and label filters", () => {
  const lines = ["GET /health", "GET /a", "POST /b status=500"];
  expect(bodies([{ type: "drop", match: '{job="test"} |= "health"' }], lines)).toEqual(
    lines.slice(1),
  );
  expect(bodies([{ type: "drop", match: '{job="other"}' }], lines)).toEqual(lines);
  expect(bodies([{ type: "keep", only: '{job=~"te.*"} |~ "GET|PUT" != "health"' }], lines)).toEqual(
    ["GET /a"],
  );
  const parsed = [{ type: "logfmt" }, { type: "keep", only: '{job="test"} | status >= 500' }];
  expect(processed(parsed, lines)).toMatchObject({
    records: [{ body: "POST /b status=500" }],
    drops: { processor: 2 },
  });
  expect(bodies([{ type: "keep", only: '{job="test"} |= "health" or "POST"' }], lines).length).toBe(
    2,
  );
});

test("a wrong entry is refused with its place, its neighbours' too", () => {
  expect(
    refusals([
      { type: "nope" },
      { type: "drop", match: "job=" },
      { type: "sample", rate: 2, x: 1 },
    ]),
  ).toEqual([
    expect.stringMatching(/^0\.type: expected one of access_log, cri, /),
    expect.stringMatching(/^1\.match: "job=": expected a selector/),
    expect.stringMatching(/^2\.rate: /),
    "2.x: no such key",
  ]);
});

test("an untouched batch keeps its arrays, and an empty chain the batch itself", () => {
  const batch = linesBatch(["a", "b"]);
  expect(chainOf([]).take(batch).batch).toBe(batch);
  const same = chainOf([{ type: "drop", match: '{job="x"}' }]).take(batch).batch;
  expect(same.bodies).toBe(batch.bodies);
  expect(recordsOf(same)).toEqual(recordsOf(batch));
});

test("timestamp and severity come from fields or the line; what can't be read stays as it was", () => {
  const entries = [
    { type: "json" },
    { type: "timestamp", from: "ts", format: ["rfc3339", "unix_ms"], remove: true },
    { type: "severity", from: "lvl", values: { bad: "fatal" } },
  ];
  const lines = [
    '{"ts":"2026-01-02T03:04:05Z","lvl":"Warning"}',
    '{"ts":1700000000123,"lvl":50}',
    '{"ts":"soon","lvl":"bad"}',
    '{"ts":"2999-01-01T00:00:00Z"}',
  ];
  const { records } = processed(entries, lines);
  expect(records.map(({ time, severity }) => [time, severity])).toEqual([
    ["2026-01-02T03:04:05.000Z", 13],
    ["2023-11-14T22:13:20.123Z", 17],
    ["2023-11-14T22:13:20.000Z", 21],
    ["2023-11-14T22:13:20.000Z", 0],
  ]);
  expect(records[0]?.attributes.ts).toBeUndefined();
  expect(records[2]?.attributes.ts).toBe("soon");
  const line = { type: "severity", from: "body", pattern: "^<(\\d)>", numbers: "syslog" };
  expect(processed([line], ["<3>disk"]).records[0]?.severity).toBe(17);
});

test("rate_limit gives each stream its own share, and counts what is over it", () => {
  const clock = stoppedClock();
  const chain = chainOf([{ type: "rate_limit", records_per_second: 2, burst: 3 }], clock);
  const batch = { ...linesBatch(["a", "b", "c", "d", "e"]), streams: [{ s: "1" }, { s: "2" }] };
  const both = { ...batch, streamOf: Uint32Array.of(0, 0, 0, 0, 1) };
  expect(chain.take(both).records.map(({ body }) => body)).toEqual(["a", "b", "c", "e"]);
  clock.nowMs += 1_000;
  const later = chain.take(both);
  expect(later.records.map(({ body }) => body)).toEqual(["a", "b", "e"]);
  expect(later.drops).toEqual({ rate_limit: 2 });
});

test("sample keeps a share, alike lines together, and errors always", () => {
  const lines = Array.from({ length: 2_000 }, (_, i) => `line ${i}`);
  const once = bodies([{ type: "sample", rate: 0.25 }], lines);
  expect(once.length).toBeGreaterThan(400);
  expect(once.length).toBeLessThan(600);
  expect(bodies([{ type: "sample", rate: 0.25 }], lines)).toEqual(once);
  const random = bodies([{ type: "sample", rate: 0.25, by: "random" }], lines).length;
  expect(random).toBeGreaterThan(350);
  expect(random).toBeLessThan(650);
  const severe = { ...linesBatch(["a", "b"]), severities: Uint8Array.of(9, 17) };
  const kept = chainOf([{ type: "sample", rate: 0 }]).take(severe);
  expect([kept.records.length, kept.drops]).toEqual([1, { sampling: 1 }]);
});

test("sample by hash of an attribute does by `missing` with the records that lack it", () => {
  const lines = Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? `line ${i}` : `id=${i} line`));
  const kept = (more: object) => {
    const sampling = { type: "sample", rate: 0.25, from: "id", ...more };
    const all = bodies([{ type: "logfmt" }, sampling], lines);
    const lacking = all.filter((body) => body.startsWith("line")).length;
    return { lacking, having: all.length - lacking };
  };
  const { lacking, having } = kept({});
  expect(lacking).toBe(250);
  expect(having).toBeGreaterThan(30);
  expect(having).toBeLessThan(95);
  expect(kept({ missing: "keep" })).toEqual({ lacking, having });
  expect(kept({ missing: "drop" })).toEqual({ lacking: 0, having });
  const random = kept({ missing: "random" });
  expect(random.having).toBe(having);
  expect(random.lacking).toBeGreaterThan(20);
  expect(random.lacking).toBeLessThan(125);
});

test("labels move between streams and attributes", () => {
  const entries = [
    { type: "logfmt" },
    {
      type: "labels",
      promote: { service: "app" },
      demote: ["host"],
      rename: { kind: "job" },
      static: { env: "prod" },
      rename_attributes: { trace_id: "trace" },
      remove_attributes: ["noise"],
    },
  ];
  const batch = {
    ...linesBatch(["app=shop noise=1 trace=7", "app=shop noise=2", "noise=3"]),
    streams: [{ job: "test", host: "h1" }],
  };
  const { records, batch: next } = chainOf(entries).take(batch);
  expect(records.map(({ stream }) => stream)).toEqual([
    { env: "prod", kind: "test", service: "shop" },
    { env: "prod", kind: "test", service: "shop" },
    { env: "prod", kind: "test" },
  ]);
  expect(records[0]?.attributes).toEqual({ trace_id: "7", host: "h1" });
  expect(records[2]?.attributes).toEqual({ host: "h1" });
  expect(new Set(next.streamOf).size).toBe(2);
});

test("metrics skips lines that no parser could read, and counts them where asked", () => {
  const lines = ["status=200 method=GET", "garbage", "status=404", ""];
  const counted = (unlabelled: object) => {
    const metric = { name: "requests_total", labels: ["status", "method"], ...unlabelled };
    const chain = chainOf([{ type: "logfmt" }, { type: "metrics", metrics: [metric] }]);
    chain.take(linesBatch(lines));
    const batch = chain.metrics.collect(0);
    const series = batch?.schema.series ?? [];
    return series.map((labels, i) => [labels, batch?.rows[0]?.values[i]]);
  };
  const name = { __name__: "requests_total" };
  const read = [
    [{ ...name, status: "200", method: "GET" }, 1],
    [{ ...name, status: "404" }, 1],
  ];
  expect(counted({})).toEqual(read);
  const all = counted({ unlabelled: "count" });
  expect(all).toHaveLength(3);
  expect(all).toEqual(expect.arrayContaining([...read, [name, 2]]));
});

test("metrics counts, gauges and histograms records as series", () => {
  const clock = stoppedClock();
  const entry = {
    type: "metrics",
    metrics: [
      { name: "requests_total", labels: ["method"] },
      { name: "failed_total", match: '{job="test"} | status >= 500' },
      { name: "queue", kind: "gauge", value: "queue" },
      { name: "took_seconds", kind: "histogram", value: "took", buckets: [0.1, 1] },
    ],
  };
  const chain = chainOf([{ type: "logfmt" }, entry], clock);
  expect(chain.metrics.collect(clock.nowMs)).toBeUndefined();
  chain.take(["method=GET status=200 took=0.05 queue=3", "method=GET status=503 took=2 queue=9"]);
  chain.take(["method=PUT status=200 took=never"]);
  const batch = chain.metrics.collect(clock.nowMs);
  const values = batch?.schema.series.map(({ __name__: name = "", ...labels }, i) => [
    `${name}${JSON.stringify(labels)}`,
    batch.rows[0]?.values[i],
  ]);
  expect(Object.fromEntries(values ?? [])).toEqual({
    'requests_total{"method":"GET"}': 2,
    'requests_total{"method":"PUT"}': 1,
    "failed_total{}": 1,
    "queue{}": 9,
    'took_seconds_bucket{"le":"0.1"}': 1,
    'took_seconds_bucket{"le":"1.0"}': 1,
    'took_seconds_bucket{"le":"+Inf"}': 2,
    "took_seconds_sum{}": 2.05,
    "took_seconds_count{}": 2,
  });
  expect(batch?.schema.families.map(({ name, type }) => `${name} ${type}`)).toContain(
    "took_seconds histogram",
  );
  clock.nowMs += 2 * 3_600_000;
  expect(chain.metrics.collect(clock.nowMs)).toBeUndefined();
  expect(refusals([{ type: "metrics", metrics: [{ name: "x", kind: "gauge" }] }])[0]).toContain(
    "0.metrics.0.value",
  );
});
