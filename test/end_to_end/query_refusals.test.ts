import { afterAll, beforeAll, expect, test } from "bun:test";
import { asking, until } from "#test/support/asking.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const promql = "api/v1/query";
const logql = "loki/api/v1/query_range";
let lapwing: LapwingProcess;

beforeAll(async () => {
  lapwing = await stage.start({
    role: "up",
    name: "lapwing",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      scrape_configs: [],
      query: {
        regex: { instructions_max: 3_500, match_steps_max: 5_000 },
        promql: { series_max: 4 },
        logql: { series_max: 3 },
      },
    },
  });
  const lines = Array.from({ length: 5 }, (_, i) => `many,i=${i} value=${i}`);
  const pushed = await fetch(`${lapwing.url}write`, { method: "POST", body: lines.join("\n") });
  expect(pushed.status).toBe(204);
  const nowNs = `${Date.now()}000000`;
  const streams = Array.from({ length: 4 }, (_, i) => ({
    stream: { job: "app", i: String(i) },
    values: [[nowNs, "ab".repeat(2_000)]],
  }));
  const logs = await fetch(`${lapwing.url}loki/api/v1/push`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streams }),
  });
  expect(logs.status).toBe(204);
  const ask = asking(lapwing.url);
  await until(
    "the series",
    async () => (await ask.promql('count({__name__=~"many_value",i=~"0|1|2"})'))[0]?.value === 3,
  );
  await until("the logs", async () => {
    const { text } = await answerTo(logql, '{job="app"} | keep job');
    return text.includes("abab");
  });
}, 60_000);

async function answerTo(path: string, query: string): Promise<{ status: number; text: string }> {
  const body = new URLSearchParams({ query });
  const answer = await fetch(`${lapwing.url}${path}`, { method: "POST", body });
  return { status: answer.status, text: await answer.text() };
}

const groups = `${"(a.*b)".repeat(60)}c`;

const refusals = [
  {
    reason: "regex_size",
    path: promql,
    query: 'many_value{i=~"(?:abcdefghij.?){400}"}',
    status: 400,
    key: "query.regex.instructions_max",
  },
  {
    reason: "regex_size",
    path: promql,
    query: 'label_replace(many_value{i="1"}, "to", "$1", "i", "(?:abcdefghij.?){400}")',
    status: 422,
    key: "query.regex.instructions_max",
  },
  {
    reason: "regex_size",
    path: logql,
    query: '{job="app"} | i=~"(?:abcdefghij.?){400}"',
    status: 400,
    key: "query.regex.instructions_max",
  },
  {
    reason: "regex_match_steps",
    path: logql,
    query: `{job="app"} | regexp "(?P<all>${groups.replace("c", ".*")})"`,
    status: 400,
    key: "query.regex.match_steps_max",
  },
  {
    reason: "series",
    path: promql,
    query: "many_value",
    status: 422,
    key: "query.promql.series_max",
  },
  {
    reason: "series",
    path: logql,
    query: 'rate({job="app"}[1m])',
    status: 400,
    key: "maximum number of series (3)",
  },
  {
    reason: "stages",
    path: logql,
    query: `{job="app"}${' |= "a"'.repeat(1_001)}`,
    status: 400,
    key: "at most 1000",
  },
  {
    reason: "subquery_steps",
    path: promql,
    query: "max_over_time(many_value[30d:1s])",
    status: 422,
    key: "at most 1000000",
  },
  {
    reason: "query_length",
    path: logql,
    query: `{job="app"} |= "${"a".repeat(131_072)}"`,
    status: 400,
    key: "input size too long",
  },
] as const;

test.each(refusals)(
  "a query refused for $reason at $path is counted, and its error names the limit",
  async ({ reason, path, query, status, key }) => {
    const count = () => readOwnMetric(lapwing.url, "lapwing_query_refused_total", { reason });
    const before = await count();
    const answer = await answerTo(path, query);
    expect(answer).toEqual({ status, text: expect.stringContaining(key) });
    expect(await count()).toBe(before + 1);
  },
);

const countsOf = (reasons: readonly string[]) =>
  Promise.all(
    reasons.map((reason) => readOwnMetric(lapwing.url, "lapwing_query_refused_total", { reason })),
  );

test("a query that is wrong is not counted as one at a limit", async () => {
  const reasons = ["regex_size", "timeout", "series"];
  const before = await countsOf(reasons);
  expect((await answerTo(promql, 'many_value{i=~"("}')).status).toBe(400);
  expect((await answerTo(logql, '{job="app"} | regexp "(("')).status).toBe(400);
  expect(await countsOf(reasons)).toEqual(before);
});
