import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { stringify } from "yaml";
import { z } from "zod";
import { until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, pagesOf } from "#test/support/chromium.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { keptFeeds, roomTarget, shownRules } from "#test/support/shown_rules.ts";
import { Stage } from "#test/support/stage.ts";
import { TcpProxy } from "#test/support/tcp_proxy.ts";

// Rules whose agents stand still or are cut off: what fires stays, no alert begins, and late data show what was missed.

const stage = new Stage();
afterAll(() => stage.stop());
const chromiumPath = findChromium();
if (natsServerPath === undefined) console.warn("skipped: needs nats-server");

const hot = "max_over_time(celsius[15s]) > 30";
const group = {
  name: "rooms",
  interval: "1s",
  rules: [
    { alert: "Hot", expr: hot, annotations: { summary: "{{ $labels.room }} is hot" } },
    { alert: "HotAsInPrometheus", expr: hot },
    { record: "room:celsius:max", expr: "max by (room) (max_over_time(celsius[15s]))" },
    { alert: "HotByRecord", expr: "room:celsius:max > 30" },
    { alert: "Elsewhere", expr: "other_metric > 30" },
    { alert: "NoRoom", expr: "absent_over_time(celsius[15s])" },
  ],
};

const sqlGroup = {
  name: "sql",
  interval: "2s",
  rules: [
    {
      alert: "HotBySql",
      sql: `SELECT labels['room'] AS room, max(value) AS value FROM metrics
        WHERE name = 'celsius' AND timestamp > now()::TIMESTAMP - INTERVAL 15 SECOND
        GROUP BY room HAVING max(value) > 30`,
      data_labels: ["room"],
    },
  ],
};

const Texts = z.record(z.string(), z.string());
const Sent = z.array(
  z.object({ labels: Texts, annotations: Texts, status: z.object({ state: z.string() }) }),
);

test.skipIf(natsServerPath === undefined)(
  "rules are unknown while their agents are silent, also over a restart, and late data show what fired",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const browser = chromiumPath === undefined ? undefined : await launchChromium(chromiumPath);
    stage.after(() => browser?.close());
    if (browser !== undefined) await builtUi();
    const proxy = await TcpProxy.start(nats.port);
    stage.after(() => proxy.stop());
    writeFileSync(stage.path("rules.yaml"), stringify({ groups: [group, sqlGroup] }));
    const reconnect = { reconnect_wait: "100ms", reconnect_wait_max: "200ms" };
    const aggregator = {
      role: "aggregator" as const,
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: { servers: [nats.url], ...reconnect },
        ingest: { flush_interval: "1s" },
        fleet: { silent_after: "10s" },
        rules: {
          files: [stage.path("rules.yaml")],
          unknown: { late_after: "3s", except: ["HotAsInPrometheus"] },
        },
      },
    };
    let running = await stage.start(aggregator);
    const rooms = { a: roomTarget(stage, "a", 40), b: roomTarget(stage, "b", 20) };
    const agent = (name: "a" | "b", servers: string) =>
      stage.start({
        role: "agent",
        name,
        config: {
          data_dir: stage.path(name),
          agent: { name },
          nats: { servers: [servers], ...reconnect },
          sources: [],
          uplink: { backlog_after: "2s" },
          global: { scrape_interval: "1s", scrape_timeout: "1s" },
          scrape_configs: [
            { job_name: "rooms", static_configs: [{ targets: [rooms[name].target] }] },
          ],
        },
      });
    const a = await agent("a", nats.url);
    await agent("b", `nats://127.0.0.1:${proxy.port}`);

    const { rule, firing, missing } = shownRules(() => running.url);
    await until("the alerts", async () => (await firing("Hot")).length === 1, 30_000);
    await until("the other alerts", async () => (await firing("HotByRecord")).length === 1);
    await until("the alert by SQL", async () => (await firing("HotBySql")).length === 1, 30_000);
    await until("both rooms", async () => {
      const query = encodeURIComponent("count(celsius) == 2");
      const answer = await fetch(new URL(`/api/v1/query?query=${query}`, running.url));
      return (await answer.text()).includes('"2"');
    });
    expect(await firing("Hot")).toEqual(["a"]);
    expect((await rule("Hot")).unknown).toBeUndefined();

    // One stands still; the other one goes on collecting, cut off, and gets hot for a while.
    a.pause();
    proxy.cut();
    const { scrapes } = rooms.b.given;
    rooms.b.given.celsius = 50;
    await until("hot scrapes", () => rooms.b.given.scrapes > scrapes + 3);
    rooms.b.given.celsius = 20;

    await until("the rule to be unknown", async () => (await missing("Hot"))?.length === 2, 30_000);
    expect(await missing("Hot")).toEqual(["a silent", "b silent"]);
    await until(
      "the rule over a record",
      async () => (await missing("HotByRecord"))?.length === 2,
      30_000,
    );
    await until("SQL", async () => (await missing("HotBySql"))?.length === 2, 30_000);
    for (const name of ["HotAsInPrometheus", "Elsewhere", "NoRoom"])
      expect((await rule(name)).unknown).toBeUndefined();
    // As in Prometheus, the alert without data is resolved; where it is unknown it stays.
    await until(
      "the end of the alert",
      async () => (await firing("HotAsInPrometheus")).length === 0,
      30_000,
    );
    for (const name of ["Hot", "HotByRecord", "HotBySql"])
      expect(await firing(name)).toEqual(["a"]);
    const { state, health, unknown } = await rule("Hot");
    expect([state, health]).toEqual(["firing", "ok"]);
    expect(unknown?.reason).toContain("a (silent since ");

    if (browser !== undefined) await looksAtPages(browser, running.url);

    // After a crash nothing is in memory of what the agents sent, nor that the alert fires.
    await until(
      "the series of both agents in the catalog",
      () => keptFeeds(stage.path("aggregator", "aggregator", "catalog.db")) === 2,
      60_000,
    );
    await running.end("SIGKILL");
    running = await stage.start(aggregator);
    await until("the rule to be unknown", async () => (await missing("Hot"))?.length === 2, 30_000);
    await until("the alert again", async () => (await firing("Hot"))[0] === "a", 30_000);
    expect(await firing("HotAsInPrometheus")).toEqual([]);

    proxy.mend();
    a.resume();
    const learned = await until(
      "what late data show",
      async () => (await rule("Hot")).learned.find(({ labels }) => labels["room"] === "b"),
      60_000,
    );
    expect(learned.text).toMatch(/^fired at \S+Z, resolved at \S+Z, learned at \S+Z$/);
    await until("all data", async () => (await missing("Hot")) === undefined, 30_000);
    await until("the alert of a", async () => (await firing("Hot"))[0] === "a", 30_000);
    expect(await firing("Hot")).toEqual(["a"]);
    const answer = await fetch(
      new URL("/api/v2/alerts?filter=alertname%3DHot&filter=room%3Db", running.url),
    );
    expect(Sent.parse(await answer.json())).toMatchObject([
      {
        labels: { room: "b" },
        annotations: { summary: "b is hot", learned: learned.text },
        status: { state: "active" },
      },
    ]);
  },
  240_000,
);

/** The pages of rules and the overview say which rules are unknown, and who is missing. */
async function looksAtPages(browser: Browser, url: string): Promise<void> {
  const on = pagesOf(
    () => browser,
    () => url,
  );
  await on("/alerts?tab=rules&q=unknown", async (page) => {
    const rows = page.getByRole("table", { name: "Rules" }).getByRole("row");
    await rows.filter({ hasText: "HotByRecord" }).getByText("unknown").waitFor();
    expect(await rows.filter({ hasText: "HotAsInPrometheus" }).count()).toBe(0);
    await rows.filter({ hasText: "HotByRecord" }).click();
    const sheet = page.getByRole("dialog");
    await sheet.getByText("alerts about them neither begin nor resolve").waitFor();
    expect(await sheet.getByRole("listitem").allTextContents()).toEqual([
      expect.stringContaining("a is silent"),
      expect.stringContaining("b is silent"),
    ]);
  });
  await on("/", async (page) => {
    await page.getByText("unknown: data of agents are missing: a (silent since").waitFor();
  });
}
