import { createHash } from "node:crypto";
import { expect, test } from "bun:test";
import { HostRing } from "./host_ring.ts";
import { localRoutes } from "./local_routes.ts";
import type { AgentStatus } from "./status.ts";

const hostile = `<img src=x onerror=alert(1)>"'&</style><script>alert(2)</script>`;
const status: AgentStatus = {
  agent: "0123456789abcdef",
  name: hostile,
  version: "9.9.9",
  startedMs: 0,
  nowMs: 60_000,
  aggregator: { reached: false, sinceMs: 0, detail: hostile, clockOffsetMs: 5 },
  spool: {
    bytes: 1,
    bytesMax: 2,
    ageMaxMs: 3,
    bytesPerSecond: null,
    lastsSeconds: null,
    lanes: [
      {
        signal: "logs",
        collected: 1,
        waiting: 1,
        oldestMs: 1,
        dropped: { [hostile]: 1 },
        state: "full",
        lastError: hostile,
      },
    ],
  },
  targets: {
    up: 0,
    down: 1,
    unknown: 0,
    dropped: 0,
    shown: [
      {
        pool: hostile,
        instance: hostile,
        url: hostile,
        health: "down",
        lastError: hostile,
        lastScrapeMs: 0,
      },
    ],
  },
  sources: [{ type: hostile, state: "degraded", message: hostile, items: 0 }],
  integrations: [
    { integration: hostile, title: hostile, instance: hostile, state: "down", lastError: hostile },
  ],
  receivers: [{ type: "loki", items: 1 }],
  rules: {
    isOffline: true,
    rules: [
      {
        name: hostile,
        expr: hostile,
        when: "always",
        state: "firing",
        lastError: hostile,
        alerts: [
          {
            state: "firing",
            labels: { a: hostile },
            annotations: { summary: hostile },
            activeMs: 0,
            value: "1",
            told: true,
          },
        ],
      },
    ],
    notifiers: [{ name: "script 1", waiting: 1, lastError: hostile }],
  },
  recentLog: [hostile],
};

async function ask(path: string, ring = new HostRing()) {
  const response = await localRoutes(() => Promise.resolve(status), ring).request(path);
  return { response, text: await response.text() };
}

test("names on the page are text, never markup", async () => {
  const ring = new HostRing();
  ring.fullest = hostile;
  const names = ["node_load1", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"];
  const series = names.map((__name__) => ({ __name__, mountpoint: hostile }));
  const row = { timestampMs: 59_000, values: Float64Array.of(1, 1, 2) };
  ring.add({ schema: { series, families: [] }, rows: [row] }, 59_000);
  const { text } = await ask("/agent", ring);
  expect(text).toContain("&lt;img src=x onerror=alert(1)&gt;");
  expect(text).not.toContain("<img");
  expect(text).not.toContain("<script");
  expect(text.match(/<\/style>/g)).toHaveLength(1);
  expect(text).toContain("Fullest filesystem: &lt;img");
});

test("the page allows its own style and nothing else, and is small", async () => {
  const { response, text } = await ask("/agent");
  const policy = response.headers.get("content-security-policy") ?? "";
  const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  expect(policy).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
  expect(policy).not.toContain("unsafe");
  expect(text).not.toMatch(/ style=|javascript:|https?:/);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(text.length).toBeLessThan(20_000);
});

test("a page asks again by itself, unless it is held", async () => {
  expect((await ask("/agent")).response.headers.get("refresh")).toBe("15");
  const held = await ask("/agent?hold=1");
  expect(held.response.headers.get("refresh")).toBeNull();
  expect(held.text).toContain("keep it up to date");
});

test("/agent/status is the same as JSON", async () => {
  const { response, text } = await ask("/agent/status");
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(status)));
  expect(response.headers.get("cache-control")).toBe("no-store");
});
