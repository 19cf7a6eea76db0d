import { afterAll, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const KiB = 1_024;

test("a line of 10 MB is cut, marked and counted, and its neighbours stay whole", async () => {
  const file = stage.path("app.log");
  appendFileSync(file, `before\n${"x".repeat(10 * KiB * KiB)}\nafter\n`);
  const up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [{ type: "file_logs", paths: [file], start_at: "beginning" }],
    },
  });
  const lapwing = asking(up.url);
  const rows = await until("three lines", async () => {
    const all = await lapwing.sql(
      "SELECT length(body)::INT, left(body, 6), attributes['truncated'] FROM logs ORDER BY timestamp",
    );
    return all.length >= 3 && all;
  });
  expect(rows.toSorted((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
    [5, "after", null],
    [6, "before", null],
    [256 * KiB, "xxxxxx", "true"],
  ]);
  expect(await lapwing.own('lapwing_source_truncated_items_total{source="file_logs"}')).toBe(1);
  appendFileSync(file, "later\n");
  await until("a line behind it", async () => {
    const [[count] = []] = await lapwing.sql("SELECT count(*) FROM logs WHERE body = 'later'");
    return Number(count) === 1;
  });
  // Cut is not dropped: the account knows of four records and of no loss.
  const account = await until("the account", async () => {
    const lane = await lapwing.account("logs");
    return lane?.collected === 4 && lane;
  });
  expect(account.dropped).toEqual({});
  expect(await up.end("SIGTERM")).toBe(0);
}, 30_000);
