import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { prometheusProgram, startPrometheus } from "#test/support/prometheus.ts";

// Clients as they are, pushed to a whole `lapwing up`, and read back through the API.

const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});
const waitMaxMs = 60_000;

let folder = "";
let lapwing: LapwingProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lapwing-push-"));
  lapwing = await LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: {
      data_dir: join(folder, "data"),
      sources: [],
      // What is pushed is visible without waiting for the regular sync.
      spool: { sync_interval: "1h" },
    },
  });
});
afterAll(async () => {
  await lapwing.end("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

async function range(url: string, query: string, start: number, end: number, step = 1) {
  const parameters = new URLSearchParams({
    query,
    start: `${start}`,
    end: `${end}`,
    step: `${step}`,
  });
  const response = await fetch(`${url}/api/v1/query_range?${parameters}`);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return Answer.parse(await response.json()).data.result;
}

/** Asks until `isThere`: pushed data is visible some milliseconds after the answer. */
async function until<Value>(
  ask: () => Promise<Value>,
  isThere: (value: Value) => boolean,
): Promise<Value> {
  const endMs = performance.now() + waitMaxMs;
  for (;;) {
    const value = await ask();
    if (isThere(value)) return value;
    if (performance.now() > endMs)
      throw new Error(`not there: ${JSON.stringify(value).slice(0, 500)}`);
    await Bun.sleep(100);
  }
}

const isSkipped = prometheusProgram === null;
if (isSkipped) console.warn("skipped: needs an installed prometheus");

test.skipIf(isSkipped)(
  "a Prometheus that writes to Lapwing finds all its series there, with the same answers",
  async () => {
    const prometheus = await startPrometheus(join(folder, "prometheus"), (own) => ({
      global: { scrape_interval: "1s" },
      scrape_configs: [{ job_name: "self", static_configs: [{ targets: [own] }] }],
      remote_write: [
        { url: `${lapwing.url}api/v1/write`, metadata_config: { send_interval: "2s" } },
      ],
    }));
    try {
      const count = 'count({job="self"})';
      // Its scraping begins with the first round of discovery, after five seconds.
      const startSeconds = Math.ceil(Date.now() / 1_000) + 7;
      const endSeconds = startSeconds + 5;
      const last = (seconds: number, url: string) => range(url, count, seconds, seconds);
      const theirs = await until(
        () => last(endSeconds + 2, prometheus.url),
        ([result]) => result !== undefined && Date.now() / 1_000 > endSeconds + 3,
      );
      const expected = theirs[0]?.values[0]?.[1];
      const url = lapwing.url.replace(/\/$/, "");
      await until(
        () => last(endSeconds + 2, url),
        ([result]) => result?.values[0]?.[1] === expected,
      );
      const all = await range(prometheus.url, '{job="self"}', startSeconds, endSeconds);
      expect(all.length).toBeGreaterThan(300);
      const ours = await range(url, '{job="self"}', startSeconds, endSeconds);
      const keyed = (results: typeof all) =>
        new Map(results.map(({ metric, values }) => [key(metric), values]));
      const mine = keyed(ours);
      let samples = 0;
      for (const [name, values] of keyed(all)) {
        expect([name, mine.get(name)]).toEqual([name, values]);
        samples += values.length;
      }
      expect(mine.size).toBe(all.length);
      expect(samples).toBeGreaterThan(6 * 300);
      const metadata = await until(
        async () => (await fetch(`${url}/api/v1/metadata?metric=prometheus_build_info`)).text(),
        (text) => text.includes("A metric with a constant"),
      );
      expect(metadata).toContain('"gauge"');
    } finally {
      await prometheus.stop();
    }
  },
  120_000,
);

test("what clients of the other protocols push can be asked for", async () => {
  const url = lapwing.url.replace(/\/$/, "");
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const nanos = `${nowSeconds}000000000`;
  const json = { "content-type": "application/json" };
  const point = { asDouble: 2.5, timeUnixNano: nanos };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "cart" } }] };
  const metrics = [{ name: "queue.length", gauge: { dataPoints: [point] } }];
  const record = { timeUnixNano: nanos, body: { stringValue: "from otlp" } };
  const pushes: readonly (readonly [path: string, RequestInit, status: number])[] = [
    [
      "/v1/metrics",
      {
        headers: json,
        body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }),
      },
      200,
    ],
    [
      "/v1/logs",
      {
        headers: json,
        body: JSON.stringify({
          resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }],
        }),
      },
      200,
    ],
    ["/write?precision=s", { body: `disk,host=h used=7i ${nowSeconds}\n` }, 204],
    ["/metrics/job/backup", { method: "PUT", body: "backup_ok 1\n" }, 200],
    [
      "/loki/api/v1/push",
      {
        headers: json,
        body: JSON.stringify({
          streams: [{ stream: { app: "web" }, values: [[nanos, "from loki"]] }],
        }),
      },
      204,
    ],
  ];
  for (const [path, init, status] of pushes) {
    const response = await fetch(url + path, { method: "POST", ...init });
    expect([path, response.status]).toEqual([path, status]);
  }
  for (const [query, value] of [
    ['queue_length{job="cart"}', "2.5"],
    ['disk_used{host="h"}', "7"],
    ['backup_ok{job="backup"}', "1"],
  ] as const) {
    const results = await until(
      () => range(url, query, nowSeconds, nowSeconds + 5),
      ([result]) => result !== undefined,
    );
    expect(results[0]?.values[0]?.[1]).toBe(value);
  }
  for (const [query, line] of [
    ['{service_name="cart"}', "from otlp"],
    ['{app="web"}', "from loki"],
  ] as const)
    await until(
      async () =>
        (await fetch(`${url}/loki/api/v1/query_range?${new URLSearchParams({ query })}`)).text(),
      (text) => text.includes(line),
    );
});

test("a body of 100 MB is refused, whether its size is told or not, and neighbours go on", async () => {
  const url = lapwing.url.replace(/\/$/, "");
  const chunk = new Uint8Array(1_000_000);
  const before = lapwing.residentBytes();
  const told = await statusOf(() =>
    fetch(`${url}/api/v1/write`, { method: "POST", body: new Uint8Array(100_000_000) }),
  );
  const untold = await statusOf(() => {
    let chunks = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (chunks++ < 100) controller.enqueue(chunk);
        else controller.close();
      },
    });
    return fetch(`${url}/v1/metrics`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf" },
      body,
    });
  });
  for (const status of [told, untold]) expect([413, "closed"]).toContain(status);
  const good = await fetch(`${url}/write`, { method: "POST", body: "after v=1" });
  expect(good.status).toBe(204);
  expect(lapwing.residentBytes() - before).toBeLessThan(400_000_000);
});

/** The server may close the connection before all of a refused body is sent. */
async function statusOf(request: () => Promise<Response>): Promise<number | "closed"> {
  try {
    return (await request()).status;
  } catch {
    return "closed";
  }
}

function key(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(metric).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
