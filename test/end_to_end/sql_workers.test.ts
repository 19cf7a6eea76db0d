import { afterAll, expect, test } from "bun:test";
import { asking, until } from "#test/support/asking.ts";
import { lapwing as command } from "#test/support/command_line.ts";
import { isAlive, sqlWorkers, untilSqlRuns } from "#test/support/sql_workers.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

test("SQL runs in processes that stand by, may be killed, and end with a Lapwing that is killed", async () => {
  const lapwing = await stage.start({
    role: "up",
    name: "lapwing",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      scrape_configs: [],
      query: { sql: { timeout: "20s", memory_limit: "64MiB" } },
    },
  });
  const ask = asking(lapwing.url);
  const { pid } = lapwing;
  await until("a worker to stand by", () => sqlWorkers(pid).length > 0);
  const [first] = sqlWorkers(pid);
  const sql = (text: string) => command(["query", "sql", "--url", lapwing.url, text]);
  expect(await sql("SELECT 41 + 1 AS answer")).toMatchObject({ code: 0, out: "answer\n42\n" });
  expect(sqlWorkers(pid)).toEqual(first === undefined ? [] : [first]);
  const bomb = await sql("SELECT mode(i) FROM range(1000000000) t(i)");
  expect(bomb.code).toBe(1);
  expect(bomb.err).toContain("SQL: ");
  expect(bomb.err).toContain("memory");
  expect((await ask.get("/-/healthy")).status).toBe(200);
  expect(lapwing.residentBytes()).toBeLessThan(500 * 1_024 ** 2);
  expect(await sql("SELECT 6 * 7 AS answer")).toMatchObject({ code: 0, out: "answer\n42\n" });

  const endless = sql("SELECT levenshtein(repeat('a', 300000), repeat('b', 300000))");
  await untilSqlRuns(pid, 1);
  const workers = sqlWorkers(pid);
  await lapwing.end("SIGKILL");
  expect((await endless).code).toBe(1);
  await until("the workers to end", () => !workers.some(isAlive));
}, 60_000);
