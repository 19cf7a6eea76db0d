import { afterAll, expect, test } from "bun:test";
import { asking, until } from "#test/support/asking.ts";
import { sqlWorkers } from "#test/support/sql_workers.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

/** Influx lines of some megabytes: a body that takes room of its own. */
const large = Array.from(
  { length: 100_000 },
  (_, i) => `m,host=h${i % 50},id=${i % 5_000} value=${i}`,
).join("\n");

test("a process above memory_high goes on with everything, one large piece at a time", async () => {
  const lapwing = await stage.start({
    role: "up",
    name: "lapwing",
    config: {
      data_dir: stage.path("data"),
      memory_high: "1MiB",
      sources: [],
      scrape_configs: [],
      query: { sql: { concurrency_max: 3 } },
    },
  });
  const ask = asking(lapwing.url);
  expect(await ask.own("lapwing_process_memory_high")).toBe(1);

  const push = (body: string) => ask.get("/write", { method: "POST", body });
  expect((await push(large)).status).toBe(204);
  const statuses = await Promise.all(
    Array.from({ length: 12 }, async () => (await push(large)).status),
  );
  // Who finds a quarter of the bound taken is asked to come again.
  for (const status of statuses) expect([204, 503]).toContain(status);
  expect(statuses).toContain(204);

  const series = await until("the series", async () => {
    const [answer] = await ask.promql("count(m_value)");
    return answer?.value === 5_000 ? answer.value : undefined;
  });
  expect(series).toBe(5_000);
  const counts = await Promise.all(
    Array.from({ length: 20 }, async () => (await ask.promql("count by (host) (m_value)")).length),
  );
  expect(counts).toEqual(Array.from({ length: 20 }, () => 50));

  let workersMax = 0;
  const watch = setInterval(
    () => (workersMax = Math.max(workersMax, sqlWorkers(lapwing.pid).length)),
    20,
  );
  try {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => ask.sql(`SELECT count(*) + ${i} FROM range(3000000)`)),
    );
    expect(answers.map(([row]) => Number(row?.[0]))).toEqual(
      Array.from({ length: 6 }, (_, i) => 3_000_000 + i),
    );
  } finally {
    clearInterval(watch);
  }
  expect(workersMax).toBe(1);
}, 180_000);
