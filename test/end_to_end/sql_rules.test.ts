import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { Stage } from "#test/support/stage.ts";

// Rules whose condition is a statement in SQL, from a file and by API, now and over the past.

const stage = new Stage();
afterAll(() => stage.stop());

const full = `SELECT labels['disk'] AS disk, max(value) AS value FROM metrics
WHERE name = 'disk_used_ratio' GROUP BY disk HAVING max(value) > 0.9`;
const group = {
  name: "sql",
  interval: "1s",
  rules: [
    {
      alert: "DiskFull",
      sql: full,
      labels: { severity: "page" },
      annotations: { summary: "{{ $labels.disk }} is {{ $value | humanizePercentage }} full" },
    },
    {
      record: "disks:count",
      sql: "SELECT count(DISTINCT labels['disk']) AS value FROM metrics WHERE name = 'disk_used_ratio'",
    },
    { alert: "NoValue", sql: "SELECT 'a' AS disk" },
    { alert: "Slow", sql: "SELECT levenshtein(repeat('a', 300000), repeat('b', 300000)) AS value" },
    { alert: "Many", sql: "SELECT i AS value, i::VARCHAR AS i FROM range(100) t(i)" },
    { alert: "Refused", sql: "SELECT 1 AS value FROM read_text('/etc/passwd')" },
  ],
};

const Texts = z.record(z.string(), z.string());
const Rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            name: z.string(),
            query: z.string(),
            language: z.string().exactOptional(),
            health: z.string(),
            lastError: z.string().default(""),
            alerts: z
              .array(z.object({ labels: Texts, annotations: Texts, state: z.string() }))
              .default([]),
          }),
        ),
      }),
    ),
  }),
});

const disk = (name: string, value: number) => ({
  name: "disk_used_ratio",
  labels: { disk: name },
  value,
});

test("rules over SQL alert and record; their failures are the rule's, within the limits of SQL", async () => {
  const file = stage.path("rules.yaml");
  writeFileSync(file, stringify({ groups: [group] }));
  const up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      query: { sql: { timeout: "5s", rows_max: 50 } },
      rules: { files: [file], evaluation_interval: "1s", integrations: { enabled: false } },
    },
  });
  const asked = asking(up.url);
  const post = (path: string, body: object) =>
    fetch(new URL(path, up.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const posted = await post("/api/v1/monitoring/metrics", {
    metrics: [disk("sda", 0.95), disk("sdb", 0.5)],
  });
  expect(posted.status).toBe(200);

  const rule = async (name: string) => {
    const answer = await fetch(new URL("/api/v1/rules", up.url));
    const { groups } = Rules.parse(await answer.json()).data;
    const found = groups.flatMap(({ rules }) => rules).find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no rule ${name}`);
    return found;
  };
  const fired = await until(
    "the alert",
    async () => {
      const found = await rule("DiskFull");
      return found.alerts.length > 0 ? found : undefined;
    },
    60_000,
  );
  expect(fired).toMatchObject({
    query: full,
    language: "sql",
    alerts: [
      {
        labels: { alertname: "DiskFull", disk: "sda", severity: "page" },
        annotations: { summary: "sda is 95% full" },
        state: "firing",
      },
    ],
  });
  await until(
    "the record",
    async () => (await asked.promql("disks:count"))[0]?.value === 2,
    60_000,
  );
  for (const [name, message] of [
    ["NoValue", 'SQL: expected a column named "value" with a number'],
    ["Slow", "ran longer than 5000 ms"],
    ["Many", "more than 50 rows"],
    ["Refused", "refused: the table function read_text()"],
  ] as const) {
    const failed = await until(
      `the failure of ${name}`,
      async () => {
        const found = await rule(name);
        return found.health === "err" ? found : undefined;
      },
      60_000,
    );
    expect(failed.lastError).toContain(message);
  }

  const alerts = "/api/v1/monitoring/alerts";
  const body = { name: "AnyDisk", sql: full.replace("0.9", "0.4"), severity: "info" };
  const made = await post(alerts, body);
  expect([made.status, await made.json()]).toMatchObject([201, { sql: body.sql, expression: "" }]);
  const shown = await until(
    "the alert by API",
    async () => {
      const answer = await fetch(new URL(`${alerts}/AnyDisk`, up.url));
      const found = z.object({ state: z.string(), alerts: z.number() }).parse(await answer.json());
      return found.alerts === 2 ? found : undefined;
    },
    90_000,
  );
  expect(shown.state).toBe("firing");
  const both = await post(alerts, { ...body, name: "Both", expression: "up" });
  expect([both.status, await both.text()]).toEqual([
    400,
    expect.stringContaining("expected either expression or sql"),
  ]);

  expect((await lapwing(["rules", "check", file])).out).toContain("6 rules found");
  const wrong = stage.path("wrong.yaml");
  writeFileSync(wrong, "groups: [{name: g, rules: [{alert: A, expr: up, sql: SELECT 1}]}]");
  expect((await lapwing(["rules", "check", wrong])).err).toContain(
    `only one of 'expr' and 'sql' must be set`,
  );
}, 240_000);

const Backtests = z.array(
  z.object({
    name: z.string(),
    evaluations: z.number(),
    episodes: z.array(
      z.object({ labels: Texts, fired_at: z.string().nullable(), ended_at: z.string().nullable() }),
    ),
  }),
);
const Costs = z.array(
  z.object({ name: z.string(), series: z.number().nullable(), samples: z.number().nullable() }),
);

test("rules over SQL are tried over the past, and cost what they read", async () => {
  const up = await stage.start({
    role: "up",
    name: "past",
    config: {
      data_dir: stage.path("past"),
      sources: [],
      rules: { integrations: { enabled: false } },
    },
  });
  const post = (path: string, body: object) =>
    fetch(new URL(path, up.url), { method: "POST", body: JSON.stringify(body) });
  const minuteMs = 60_000;
  const nowMs = Math.floor(Date.now() / minuteMs) * minuteMs;
  // Full from 40 to 31 minutes ago.
  const metrics = Array.from({ length: 60 }, (_, i) => ({
    ...disk("sda", 60 - i <= 40 && 60 - i > 30 ? 0.95 : 0.5),
    time: (nowMs - (60 - i) * minuteMs) / 1_000,
  }));
  const posted = await fetch(new URL("/api/v1/monitoring/metrics", up.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ metrics }),
  });
  expect([posted.status, await posted.text()]).toEqual([200, expect.any(String)]);
  const lately = full.replace(
    "GROUP BY",
    "AND timestamp > now()::TIMESTAMP - INTERVAL '59 seconds' GROUP BY",
  );
  const file = stage.path("past.yaml");
  const rule = { alert: "WasFull", sql: lately, for: "2m" };
  writeFileSync(file, stringify({ groups: [{ name: "past", interval: "1m", rules: [rule] }] }));
  const asked = async (...words: string[]) => lapwing(["rules", ...words, "--url", up.url]);

  const [tried] = await until(
    "the samples",
    async () => {
      const { code, out, err } = await asked("backtest", file, "--since", "50m", "--json");
      expect([code, err]).toEqual([0, ""]);
      const found = Backtests.parse(JSON.parse(out));
      return found[0]?.episodes.length === 1 ? found : undefined;
    },
    90_000,
  );
  const timeOf = (minutesAgo: number) => new Date(nowMs - minutesAgo * minuteMs).toISOString();
  expect(tried).toMatchObject({
    name: "WasFull",
    episodes: [
      {
        labels: { alertname: "WasFull", disk: "sda" },
        fired_at: timeOf(38),
        ended_at: timeOf(30),
      },
    ],
  });
  const long = await asked("backtest", file);
  expect([long.code === 0, long.err]).toEqual([
    false,
    expect.stringMatching(/WasFull: \d+ evaluations of SQL: expected at most 2000/),
  ]);

  const start = timeOf(50);
  const answer = await post("/api/v1/monitoring/rules/backtest", {
    name: "WasFull",
    expression: lately,
    language: "sql",
    for: "2m",
    start,
    end: timeOf(0),
  });
  expect(await answer.json()).toMatchObject({ fired: 1, firingSeconds: 8 * 60, pending: 0 });
  const compared = await post("/api/v1/monitoring/rules/backtest/compare", {
    rules: stringify({ groups: [{ name: "past", interval: "1m", rules: [rule] }] }),
    start,
    end: timeOf(0),
  });
  expect(await compared.json()).toMatchObject({
    proposed: { rules: [{ name: "WasFull", fired: 1, failure: "" }] },
  });

  const costs = await asked("cost", file, "--json");
  // The newest sample is a minute old.
  expect(Costs.parse(JSON.parse(costs.out))).toMatchObject([
    { name: "WasFull", series: expect.any(Number) },
  ]);
  const cost = await post("/api/v1/monitoring/rules/cost", {
    expression: `SELECT max(value) AS value FROM metrics WHERE name = 'disk_used_ratio' AND timestamp > now()::TIMESTAMP - INTERVAL 3 HOUR`,
    language: "sql",
  });
  expect(await cost.json()).toMatchObject({
    series: 1,
    samples: 60,
    reads: [{ selector: '{__name__="disk_used_ratio"}', series: 1, samples: 60 }],
  });
}, 240_000);
