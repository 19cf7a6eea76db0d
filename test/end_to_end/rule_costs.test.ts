import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { Stage } from "#test/support/stage.ts";

// What rules read, before they run and while they run, as the command line and the API have it.

const stage = new Stage();
afterAll(() => stage.stop());

const group = (name: string, rules: object[]) => ({ groups: [{ name, interval: "10s", rules }] });
const Costs = z.array(
  z.object({
    name: z.string(),
    series: z.number().nullable(),
    samples: z.number().nullable(),
    share: z.number(),
    expensive: z.boolean(),
    failure: z.string(),
  }),
);
const Answer = z.object({ rules: Costs, expensiveShare: z.number() });

test("rules cost shows the series and samples of files and of running rules, and names the expensive ones", async () => {
  writeFileSync(
    stage.path("running.yaml"),
    stringify(group("running", [{ record: "a:sum", expr: "sum(rate(temperature[5m]))" }])),
  );
  const file = stage.path("new.yaml");
  const rules = [
    { alert: "Wide", expr: "max_over_time(temperature[5m]) > 30" },
    { alert: "Narrow", expr: 'temperature{room="r1"} > 30' },
    { alert: "Lines", expr: 'sum(count_over_time({app="shop"} |= "x" [5m])) > 3' },
  ];
  writeFileSync(file, stringify(group("new", rules)));
  const up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      rules: { files: [stage.path("running.yaml")], integrations: { enabled: false } },
    },
  });
  const nowMs = Date.now();
  const metrics = Array.from({ length: 20 }, (_, room) =>
    Array.from({ length: 10 }, (__, i) => ({
      name: "temperature",
      labels: { room: `r${room}` },
      value: i,
      time: (nowMs - (9 - i) * 10_000) / 1_000,
    })),
  ).flat();
  const posted = await fetch(new URL("/api/v1/monitoring/metrics", up.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ metrics }),
  });
  expect([posted.status, await posted.text()]).toEqual([200, expect.any(String)]);

  const asked = async (...words: string[]) => {
    const { code, out } = await lapwing(["rules", "cost", ...words, "--url", up.url, "--json"]);
    expect(code).toBe(0);
    return Costs.parse(JSON.parse(out));
  };
  const costs = await until("the samples", async () => {
    const found = await asked(file);
    return found[0]?.samples === 200 ? found : undefined;
  });
  expect(costs).toMatchObject([
    { name: "Wide", series: 20, samples: 200, expensive: true },
    { name: "Narrow", series: 1, samples: 1, expensive: false },
    { name: "Lines", series: 0, samples: 0, expensive: false },
  ]);
  const { out } = await lapwing(["rules", "cost", file, "--url", up.url]);
  expect(out).toContain("over 10% of all samples: Wide\n");
  expect(await asked()).toMatchObject([{ name: "a:sum", series: 20, expensive: true }]);

  const answer = await fetch(new URL("/api/v1/monitoring/rules/cost", up.url));
  expect(Answer.parse(await answer.json())).toMatchObject({
    expensiveShare: 0.1,
    rules: [{ name: "a:sum", series: 20, share: 1, expensive: true, failure: "" }],
  });
  const refused = await fetch(new URL("/api/v1/monitoring/rules/cost", up.url), {
    method: "POST",
    body: JSON.stringify({ expression: "sum(" }),
  });
  expect([refused.status, await refused.text()]).toEqual([
    400,
    expect.stringContaining("parse error"),
  ]);
  const away = await lapwing(["rules", "cost", "--url", "http://127.0.0.1:1"]);
  expect(away.code).not.toBe(0);
  expect(away.err).toContain("does not answer");
}, 60_000);
