import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { prometheusProgram, startPrometheus } from "#test/support/prometheus.ts";
import { remoteWriteBody } from "#test/support/remote_write_body.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const isSkipped = prometheusProgram === null;
if (isSkipped) console.warn("skipped: needs an installed prometheus");

const minuteMs = 60_000;
const window = { storage: { tsdb: { out_of_order_time_window: "90m" } } };

type Push = readonly [series: string, minutesAgo: number, value: number];
/** One request each, and the status that Prometheus's receiver gives today. */
const requests: readonly { readonly pushes: readonly Push[]; readonly status: 204 | 400 }[] = [
  { pushes: [["a", 10, 1]], status: 204 },
  { pushes: [["a", 2, 2]], status: 204 },
  { pushes: [["b", 1, 3]], status: 204 },
  // The same again, and another value at that time.
  { pushes: [["a", 2, 2]], status: 204 },
  { pushes: [["a", 2, 22]], status: 400 },
  // Late, within the window: between, before all, and again.
  { pushes: [["a", 5, 4]], status: 204 },
  { pushes: [["a", 60, 5]], status: 204 },
  { pushes: [["a", 60, 5]], status: 204 },
  {
    pushes: [
      ["b", 80, 6],
      ["b", 70, 7],
    ],
    status: 204,
  },
  // A series that is new, and late.
  { pushes: [["c", 85, 8]], status: 204 },
  // Beyond the window: as the newest of its series, as an older one, and with a good one beside it, that is not stored either.
  { pushes: [["d", 180, 9]], status: 400 },
  { pushes: [["a", 180, 10]], status: 400 },
  {
    pushes: [
      ["a", 1, 11],
      ["a", 300, 12],
    ],
    status: 400,
  },
  { pushes: [["a", 0, 13]], status: 204 },
];

const Matrix = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

async function stored(url: string, nowMs: number): Promise<Record<string, unknown>> {
  const at = `${nowMs / 1_000 + 60}`;
  const query = new URLSearchParams({ query: "late[10h]", time: at });
  const answer = await fetch(new URL(`/api/v1/query?${query}`, url));
  const { data } = Matrix.parse(await answer.json());
  return Object.fromEntries(data.result.map(({ metric, values }) => [metric["id"], values]));
}

async function push(url: string, nowMs: number, pushes: readonly Push[]): Promise<number> {
  const response = await fetch(new URL("/api/v1/write", url), {
    method: "POST",
    headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
    body: remoteWriteBody(
      pushes.map(([id, minutesAgo, value]) => ({
        labels: { __name__: "late", id },
        timestampsMs: Float64Array.of(nowMs - minutesAgo * minuteMs),
        values: Float64Array.of(value),
      })),
    ),
  });
  await response.text();
  return response.status;
}

test.skipIf(isSkipped)(
  "late, repeated and conflicting samples are taken and refused as Prometheus does, over flushes too",
  async () => {
    const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
    const prometheus = await startPrometheus(stage.path("prometheus"), window, [
      "--web.enable-remote-write-receiver",
    ]);
    stage.after(() => prometheus.stop());
    const up = await stage.start({
      role: "up",
      name: "up",
      // Flushed every moment: repeats and late samples meet blocks as well as the head.
      config: {
        data_dir: stage.path("data"),
        sources: [],
        ingest: { flush_interval: "300ms" },
        ...window,
      },
    });
    const lapwing = asking(up.url);
    const statuses: [number, number][] = [];
    for (const [i, { pushes }] of requests.entries()) {
      statuses.push([await push(prometheus.url, nowMs, pushes), await push(up.url, nowMs, pushes)]);
      if (i % 4 === 3) await Bun.sleep(400);
    }
    const refused = statuses.map(([theirs, ours], i) => ({ i, theirs: theirs >= 400, ours }));
    expect(refused).toEqual(
      requests.map(({ status }, i) => ({ i, theirs: status === 400, ours: status })),
    );
    const theirs = await stored(prometheus.url, nowMs);
    await until("the newest sample", async () => {
      const [newest] = await lapwing.promql('late{id="a"}');
      return newest?.value === 13;
    });
    expect(await stored(up.url, nowMs)).toEqual(theirs);
    const account = await until("the account", async () => {
      const now = await lapwing.account("metrics");
      return now?.dropped["too_old_sample"] !== undefined && now.inFlight === 0 && now;
    });
    // The good sample of a request that is refused as a whole is counted with it.
    expect(account.dropped).toMatchObject({ too_old_sample: 4, duplicate_timestamp: 1 });
    expect(await up.end("SIGTERM")).toBe(0);
  },
  60_000,
);
