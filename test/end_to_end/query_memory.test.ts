import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { asking, until } from "#test/support/asking.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const mib = 2 ** 20;
const memoryMax = 24 * mib;
const seriesCount = 500;
let lapwing: LapwingProcess;

beforeAll(async () => {
  lapwing = await stage.start({
    role: "up",
    name: "lapwing",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      scrape_configs: [],
      query: { memory_max: memoryMax },
    },
  });
  const lines = Array.from({ length: seriesCount }, (_, i) => `held,i=${i} value=${i}`);
  const pushed = await fetch(`${lapwing.url}write`, { method: "POST", body: lines.join("\n") });
  expect(pushed.status).toBe(204);
  const ask = asking(lapwing.url);
  await until(
    "the series",
    async () => (await ask.promql("count(held_value)"))[0]?.value === seriesCount,
  );
}, 60_000);

/** A range query whose result has `points` for each series. */
function range(points: number) {
  return fetch(`${lapwing.url}api/v1/query_range`, { method: "POST", body: rangeOf(points) });
}

function rangeOf(points: number): URLSearchParams {
  const end = Math.floor(Date.now() / 1_000);
  const step = 200 / points;
  return new URLSearchParams({
    query: "held_value",
    start: String(end),
    end: String(end + 200),
    step: String(step),
  });
}

const held = () => readOwnMetric(lapwing.url, "lapwing_query_memory_bytes");
const refusals = (reason: string) =>
  readOwnMetric(lapwing.url, "lapwing_query_memory_refused_total", { reason });

test("a query that alone needs more than query.memory_max is refused and names the key", async () => {
  const answer = await range(2_000);
  expect(answer.status).toBe(422);
  const text = await answer.text();
  expect(text).toContain(`more than ${memoryMax} bytes of memory (query.memory_max)`);
  expect(await refusals("too_large")).toBe(1);
  await until("its memory to be free", async () => (await held()) === 0);
}, 60_000);

test("queries that need more together wait for each other, and all are answered", async () => {
  const asked = Array.from({ length: 12 }, () => range(200));
  let most = 0;
  const answers = Promise.all(
    asked.map(async (answer) => {
      const { status } = await answer;
      const { length } = await (await answer).text();
      return { status, isWhole: length > seriesCount * 200 * 10 };
    }),
  );
  const round = { isDone: false };
  void answers.finally(() => (round.isDone = true));
  while (!round.isDone) most = Math.max(most, await held());
  expect(await answers).toEqual(Array.from(asked, () => ({ status: 200, isWhole: true })));
  expect(most).toBeGreaterThan(4 * mib);
  // The first goes on beyond the bound, and four reads may end at once.
  expect(most).toBeLessThan(memoryMax + 10 * mib);
  expect(await refusals("busy")).toBe(0);
  await until("all memory to be free", async () => (await held()) === 0);
}, 60_000);

test("an answer that its client does not read counts until the client goes", async () => {
  const { hostname, port, host } = new URL(lapwing.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET /api/v1/query_range?${rangeOf(1_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await until("the answer to be made", async () => (await held()) > 16 * mib);
  // Others are answered meanwhile.
  expect((await range(10)).status).toBe(200);
  expect(await held()).toBeGreaterThan(16 * mib);
  socket.destroy();
  await until("its memory to be free", async () => (await held()) === 0);
}, 60_000);
