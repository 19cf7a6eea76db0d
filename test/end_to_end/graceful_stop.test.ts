import { afterAll, expect, test } from "bun:test";
import { auditScrapes } from "#test/chaos/audit_scrapes.ts";
import { asking, until } from "#test/support/asking.ts";
import { NumberedExporter, NumberedLines, audit } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const drainMaxMs = 10_000;

test("SIGTERM drains with exit code 0, and a restart goes on without a gap or a repeat", async () => {
  const exporter = new NumberedExporter("one");
  stage.after(() => exporter.stop());
  const lines = new NumberedLines(stage.path("app.log"), "one");
  stage.after(() => lines.stop());
  lines.start(500);
  const options = {
    role: "up" as const,
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
      scrape_configs: [
        {
          job_name: "numbered",
          scrape_interval: "200ms",
          static_configs: [{ targets: [exporter.target] }],
        },
      ],
      query: { sql: { rows_max: 1_000_000 } },
    },
  };
  /** How many numbers had been given out at each end. */
  const ends: number[] = [];
  for (let life = 1; life <= 3; life++) {
    const up = await stage.start(options);
    const before = exporter.servedMs.length;
    await until("some scrapes", () => exporter.servedMs.length > before + 5);
    const start = performance.now();
    expect(await up.end("SIGTERM")).toBe(0);
    expect(performance.now() - start).toBeLessThan(drainMaxMs);
    ends.push(exporter.servedMs.length);
  }
  expect(stage.log("up").match(/"msg":"stopped"/g)).toHaveLength(3);
  const last = await stage.start(options);
  const lapwing = asking(last.url);
  // The drain has put all into blocks: it is there at once, before anything is collected again.
  const [[stored] = []] = await lapwing.sql(
    "SELECT max(value) FROM metrics WHERE name = 'chaos_number' AND NOT isnan(value)",
  );
  expect(Number(stored)).toBeGreaterThanOrEqual((ends.at(-1) ?? 0) - 1);
  lines.stop();
  const have = await until("all lines", async () => {
    const rows = await lapwing.sql("SELECT body FROM logs");
    const numbers = rows.map(([body]) => Number(/line (\d+) end$/.exec(String(body))?.[1]));
    return numbers.length >= lines.written && numbers;
  });
  expect(audit(have, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
  const { missing, ...others } = await auditScrapes((sql) => lapwing.sql(sql), exporter);
  expect(others).toEqual({ repeated: [], foreign: 0 });
  // A scrape that was under way at the end is given up; nothing else may be missing.
  expect(missing.filter((number) => !ends.includes(number))).toEqual([]);
  for (const signal of ["logs", "metrics"] as const)
    expect((await lapwing.account(signal))?.dropped).toEqual({});
  expect(await last.end("SIGTERM")).toBe(0);
}, 40_000);
