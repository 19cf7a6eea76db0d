import { expect, test } from "bun:test";
import { bytesText, shortText, spanText } from "./plain_text.ts";
import { type AgentStatus, AgentStatus as Schema, troublesOf } from "./status.ts";
import { statusText, stoppedText } from "./status_text.ts";

const hour = 3_600_000;
const status: AgentStatus = {
  agent: "0123456789abcdef",
  name: "web-1",
  version: "9.9.9",
  startedMs: 0,
  nowMs: 50 * hour,
  aggregator: { reached: false, sinceMs: 49 * hour, detail: "TIMEOUT", clockOffsetMs: -1_500 },
  spool: {
    bytes: 3 * 1_024 ** 2,
    bytesMax: 512 * 1_024 ** 2,
    ageMaxMs: 168 * hour,
    bytesPerSecond: 1_024,
    lastsSeconds: 86_400 * 6,
    lanes: [
      {
        signal: "metrics",
        collected: 12_345,
        waiting: 1_000,
        oldestMs: 49 * hour,
        dropped: { spool_full: 7, relabel: 1 },
        state: "disk_error",
        lastError: "EIO",
      },
    ],
  },
  targets: {
    up: 1,
    down: 1,
    unknown: 0,
    dropped: 0,
    shown: [
      {
        pool: "app",
        instance: "a:1\u001b[2Jb\n",
        url: "http://a:1/metrics",
        health: "down",
        lastError: "refused",
        lastScrapeMs: 0,
      },
    ],
  },
  sources: [{ type: "host_metrics", state: "running", message: "", items: 5 }],
  integrations: [
    {
      integration: "redis",
      title: "Redis",
      instance: "r:6379",
      state: "down",
      lastError: "NOAUTH",
    },
  ],
  receivers: [{ type: "loki", items: 0 }],
  rules: {
    isOffline: true,
    rules: [
      {
        name: "DiskFull",
        expr: "x > 1",
        when: "offline",
        state: "firing",
        lastError: "",
        alerts: [
          {
            state: "firing",
            labels: { alertname: "DiskFull", device: 'a"b' },
            annotations: {},
            activeMs: 49 * hour,
            value: "2",
            told: true,
          },
        ],
      },
    ],
    notifiers: [{ name: "webhook 1", waiting: 1, lastError: "refused" }],
  },
  recentLog: [
    '{"level":"warn","time":"2026-01-02T03:04:05.678Z","error":"E","msg":"no connection"}',
  ],
};

test("statusText() tells first what is wrong, and why", () => {
  expect(Schema.parse(JSON.parse(JSON.stringify(status)))).toEqual(status);
  const text = statusText(status);
  expect(text).toContain(
    "state        aggregator out of reach, spool of metrics: disk_error, 1 rule firing, 1 target down, 1 integration down\n",
  );
  expect(text).toContain("OUT OF REACH for 1 h, since 1970-01-03 01:00:00 UTC: TIMEOUT\n");
  expect(text).toContain("clock        2 s behind the aggregator's\n");
  expect(text).toContain("3 MiB of 512 MiB at 1 KiB/s, at most 7 d old;");
  expect(text).toContain("the oldest data would go in 6 d\n");
  expect(text).toContain("12,345     1,000    1 h     spool_full 7, relabel 1  disk_error: EIO");
  expect(text).toContain("redis r:6379");
  expect(text).toContain('DiskFull  firing  1 h  {device="a\\"b"} = 2');
  expect(text).toContain("webhook 1  1 waiting  refused");
  expect(text).toContain('2026-01-02T03:04:05Z warn no connection error="E"');
});

test("statusText() shows no control characters of what came from outside", () => {
  expect(statusText(status)).toContain("app a:1 [2Jb  down");
  expect(statusText(status)).not.toMatch(/(?!\n)\p{Cc}/u);
});

test("an agent that is well has no troubles, and empty sections are left out", () => {
  const well: AgentStatus = {
    ...status,
    aggregator: { ...status.aggregator, reached: true, clockOffsetMs: null },
    spool: { ...status.spool, lanes: [] },
    targets: { up: 1, down: 0, unknown: 0, dropped: 0, shown: [] },
    integrations: [],
    rules: { isOffline: false, rules: [], notifiers: [] },
    recentLog: [],
  };
  expect(troublesOf(well)).toEqual([]);
  const text = statusText(well);
  expect(text).toContain("state        all is well\n");
  expect(text).not.toContain("Not well");
});

test("stoppedText() says that no agent runs", () => {
  expect(stoppedText(undefined, "/x", 0)).toBe(
    "No agent runs here, and there is no spool at /x.\n",
  );
  expect(stoppedText(status.spool, "/x", 50 * hour)).toContain("none runs; read from its spool");
});

test("numbers are short, with their units", () => {
  expect([0, 1_023, 1_536, 1_024 ** 4 * 2_000].map(bytesText)).toEqual([
    "0 B",
    "1023 B",
    "1.50 KiB",
    "2000 TiB",
  ]);
  expect([0.256, 12.34, 123.4, 5].map(shortText)).toEqual(["0.26", "12.3", "123", "5"]);
  expect([0, 59_400, 61_000, 3_600_000, 90_061_000].map(spanText)).toEqual([
    "0 s",
    "59 s",
    "1 min 1 s",
    "1 h",
    "1 d 1 h",
  ]);
});
