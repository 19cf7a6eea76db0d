import { afterAll, expect, test } from "bun:test";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

test("what is aggregated away is stored as results only, and the account adds up", async () => {
  let scrapes = 0;
  const target = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      scrapes++;
      const lines = [0, 1, 2].map((i) => `served_total{pod="p${i}",zone="z"} ${scrapes * (i + 1)}`);
      for (let i = 0; i < 5; i++) lines.push(`opened_total{id="${i}"} ${scrapes}`);
      return new Response(`# TYPE served_total counter\n${lines.join("\n")}\nother ${scrapes}\n`, {
        headers: { "content-type": "text/plain; version=0.0.4" },
      });
    },
  });
  stage.after(() => target.stop(true));
  const up = await stage.start({
    role: "up",
    name: "aggregation",
    config: {
      data_dir: stage.path("aggregation"),
      sources: [],
      ingest: { flush_interval: "500ms" },
      agent: { labels: { region: "eu" } },
      stream_aggregation: [
        {
          match: "served_total",
          interval: "1s",
          without: ["pod"],
          outputs: ["total", "count_series"],
        },
      ],
      cardinality: { metrics: { opened_total: 2 }, interval: "1s" },
      scrape_configs: [
        {
          job_name: "web",
          scrape_interval: "250ms",
          static_configs: [{ targets: [`127.0.0.1:${target.port}`] }],
        },
      ],
    },
  });
  const lapwing = asking(up.url);
  const name = "served_total:1s_without_pod";
  await until("a total of several intervals", async () => {
    const [total] = await lapwing.promql(`{__name__="${name}_total", zone="z", region="eu"}`);
    return total !== undefined && total.value >= 24;
  });
  // Six are gained with each scrape, and the first total is a zero.
  const rows = await lapwing.sql(
    `SELECT value FROM metrics WHERE name = '${name}_total' ORDER BY timestamp`,
  );
  const totals = rows.map(([value]) => Number(value));
  expect(totals[0]).toBe(0);
  expect(totals.every((total, i) => total % 6 === 0 && total >= (totals[i - 1] ?? 0))).toBe(true);
  expect(await lapwing.promql(`{__name__="${name}_count_series"}`)).toMatchObject([{ value: 3 }]);
  expect(await lapwing.promql("served_total")).toEqual([]);
  expect(await lapwing.promql("other")).toHaveLength(1);
  // Two values of the full label go on, the others are one series without it.
  expect(await lapwing.promql("count by (id) (opened_total)")).toHaveLength(3);
  const full = await until("a heartbeat with the full label", async () => {
    const { limits } = await lapwing.rpc.listSeriesLimits({});
    return limits.find(({ limit }) => limit?.scope === "label")?.limit;
  });
  expect(full).toMatchObject({
    name: "opened_total id",
    limit: 2,
    refusedSeries: 3,
    fastest: { metric: "opened_total", label: "id", distinctValues: 5 },
  });
  await target.stop(true);
  const account = await until("an account with what is aggregated", async () => {
    const now = await lapwing.account("metrics");
    const own = await lapwing.own('lapwing_aggregation_samples{rule="0",outcome="aggregated"}');
    const merged = await lapwing.own("lapwing_cardinality_merged_samples");
    return merged > 0 && (now?.dropped["aggregated"] ?? 0) >= own + merged && now;
  });
  const dropped = Object.values(account.dropped).reduce((sum, items) => sum + items, 0);
  expect(account.collected).toBe(account.stored + account.inFlight + dropped);
  expect(await up.end("SIGTERM")).toBe(0);
}, 30_000);
