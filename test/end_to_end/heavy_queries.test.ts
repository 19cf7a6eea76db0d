import { afterAll, expect, test } from "bun:test";
import { asking, until } from "#test/support/asking.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

/** Ten thousand windows of a million samples each: minutes of work out of one line. */
const endless = new URLSearchParams({
  query: "sum_over_time(vector(1)[1d:100ms])",
  start: "1000000",
  end: "1010800",
  step: "1",
});

/** The share of a core that a process takes over a moment. */
async function coresOf(process: LapwingProcess): Promise<number> {
  const [cpuSeconds, beganMs] = [process.cpuSeconds(), performance.now()];
  await Bun.sleep(500);
  return (1_000 * (process.cpuSeconds() - cpuSeconds)) / (performance.now() - beganMs);
}

/** A client that asks and does not wait for the answer. */
async function connection(url: URL, path: string) {
  const closed = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: { data: () => {}, close: () => closed.resolve() },
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
  return socket;
}

test("a query that would run for minutes holds nobody up, has others wait their turn, and ends with its client", async () => {
  const lapwing = await stage.start({
    role: "up",
    name: "lapwing",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      scrape_configs: [],
      query: { promql: { concurrency_max: 1 } },
    },
  });
  const ask = asking(lapwing.url);
  await until("ready", async () => (await ask.get("/-/ready")).status === 200);
  const client = await connection(
    new URL(lapwing.url),
    `/api/v1/query_range?${endless.toString()}`,
  );
  await until("the query to run", async () => (await coresOf(lapwing)) > 0.2);
  // Others are served meanwhile; queries wait, and are told when their time is over.
  expect((await ask.get("/-/healthy")).status).toBe(200);
  const waited = await ask.get("/api/v1/query?query=1&timeout=200ms");
  expect(waited.status).toBe(503);
  expect(await waited.json()).toEqual({
    status: "error",
    errorType: "timeout",
    error: "query timed out in query queue",
  });
  expect(await coresOf(lapwing)).toBeGreaterThan(0.2);
  client.terminate();
  await until("the work to end", async () => (await coresOf(lapwing)) < 0.1, 10_000);
  expect(await ask.promql("vector(42)")).toEqual([{ metric: {}, value: 42 }]);
}, 60_000);

test("queries that multiply are refused before they begin", async () => {
  const lapwing = await stage.start({
    role: "up",
    name: "multiplied",
    config: { data_dir: stage.path("multiplied"), sources: [], scrape_configs: [] },
  });
  const refused = async (query: string) => {
    const answer = await asking(lapwing.url).get(
      `/api/v1/query?query=${encodeURIComponent(query)}`,
    );
    return `${answer.status} ${await answer.text()}`;
  };
  expect(await refused("sum_over_time(sum_over_time(vector(1)[1d:1s])[30d:1s])")).toContain(
    "subquery of",
  );
  const before = lapwing.residentBytes();
  expect(await refused("sum_over_time(vector(1)[100y:1ms])")).toStartWith("422");
  expect(lapwing.residentBytes() - before).toBeLessThan(64 * 2 ** 20);
}, 60_000);
