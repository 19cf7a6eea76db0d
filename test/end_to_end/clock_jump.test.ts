import { afterEach, beforeEach, expect, test } from "bun:test";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { writeFileSync } from "node:fs";
import { DataService } from "#proto/gen/v1/data_pb.js";
import { asking, until } from "#test/support/asking.ts";
import { clockOffBy, faketimeMissing, offsetText } from "#test/support/faketime.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter, NumberedLines, audit } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.stop());

const isReady = natsServerPath !== undefined && faketimeMissing === undefined;

test.skipIf(!isReady).each([
  ["forward", 3_600],
  ["back", -3_600],
])(
  "a clock that jumps %s costs nothing, and the jump shows (needs nats-server, faketime)",
  async (_name, seconds) => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const exporter = new NumberedExporter("one");
    stage.after(() => exporter.stop());
    const lines = new NumberedLines(stage.path("app.log"), "one");
    stage.after(() => lines.stop());
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: uplink,
        ingest: { flush_interval: "500ms" },
        query: { sql: { rows_max: 1_000_000 } },
      },
    });
    const offset = stage.path("offset");
    writeFileSync(offset, "+0s\n");
    const configOf = (targets: readonly string[]) => ({
      data_dir: stage.path("agent"),
      nats: uplink,
      sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
      scrape_configs: [
        { job_name: "numbered", scrape_interval: "500ms", static_configs: [{ targets }] },
      ],
    });
    const env = clockOffBy(offset);
    const agent = await stage.start({
      role: "agent",
      name: "agent",
      config: configOf([exporter.target]),
      env,
    });
    lines.start(100);
    const lapwing = asking(aggregator.url);
    const offsetOf = async () => (await lapwing.rpc.listAgents({})).agents[0]?.clockOffsetMs;
    await until("a heartbeat in time", async () => Math.abs((await offsetOf()) ?? 1e9) < 2_000);
    await until("first samples", () => exporter.servedMs.length > 4);

    writeFileSync(offset, `${offsetText(seconds)}\n`);
    await until("a heartbeat with the new offset", async () => {
      return Math.abs(((await offsetOf()) ?? 0) - seconds * 1_000) < 2_000;
    });
    const jump = await until("a warning of the jump", () =>
      stage
        .log("aggregator")
        .split("\n")
        .find((line) => line.includes("an agent's clock jumped")),
    );
    expect(JSON.parse(jump)).toMatchObject({ level: "warn", agent: expect.any(String) });
    const scraped = exporter.servedMs.length;
    await until("scrapes after it", () => exporter.servedMs.length > scraped + 4);
    lines.stop();
    const have = await until("all lines", async () => {
      const rows = await lapwing.sql("SELECT body FROM logs");
      const numbers = rows.map(([body]) => Number(/line (\d+) end$/.exec(String(body))?.[1]));
      return numbers.length >= lines.written && numbers;
    });
    expect(audit(have, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
    expect(await agent.end("SIGTERM")).toBe(0);
    // The scrape that was under way is given up. What the one before it gave may wait in the spool for the next start.
    const last = exporter.servedMs.length - 1;
    await stage.start({ role: "agent", name: "agent again", config: configOf([]), env });
    const valuesOf = async (condition: string): Promise<number[]> => {
      const rows = await lapwing.sql(`SELECT value FROM metrics WHERE ${condition}`);
      return rows.map(([value]) => Number(value));
    };
    // A machine that stands still for 500 ms makes a scrape time out: its number was given out, and `up` says that it did not arrive.
    const [numbers, failed] = await until("all samples", async () => {
      const timedOut = (await valuesOf("name = 'up' AND value = 0")).length;
      const values = await valuesOf("name = 'chaos_number' AND NOT isnan(value)");
      if (values.length + timedOut < last)
        throw new Error(`${values.length} samples and ${timedOut} failed scrapes of ${last}`);
      return [values, timedOut] as const;
    });
    const { missing, repeated } = audit(numbers, last);
    expect(repeated).toEqual([]);
    expect(missing.length).toBeLessThanOrEqual(failed);
    for (const signal of ["logs", "metrics"] as const)
      expect((await lapwing.account(signal))?.dropped).toEqual({});
  },
  60_000,
);

test.skipIf(faketimeMissing !== undefined)(
  "an aggregator whose clock jumps ahead by 60 days deletes nothing, says why, and goes on when it is back (needs faketime)",
  async () => {
    const lines = new NumberedLines(stage.path("app.log"), "one");
    stage.after(() => lines.stop());
    const offset = stage.path("offset");
    writeFileSync(offset, "+0s\n");
    const { url } = await stage.start({
      role: "up",
      name: "up",
      config: {
        data_dir: stage.path("up"),
        sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
        ingest: { flush_interval: "200ms" },
        storage: { compaction: { interval: "500ms" }, delete_after: "0s", sweep_after: "0s" },
      },
      env: clockOffBy(offset),
    });
    const data = createClient(DataService, createConnectTransport({ baseUrl: url }));
    const stored = async () => {
      const { shares, maintainedMs, deletionStopped, trashFiles } = await data.getStorage({});
      // Lines alone: samples of the program itself go on.
      const logs = shares.filter(({ signal }) => signal === "logs");
      const items = logs.reduce((sum, share) => sum + share.items, 0);
      return { items, maintainedMs, deletionStopped, trashFiles };
    };
    lines.start(100);
    await until("blocks, and a round", async () => {
      const { items, maintainedMs } = await stored();
      return items > 20 && maintainedMs > 0;
    });
    lines.stop();
    const before = await until("all lines", async () => {
      const { items } = await stored();
      return items >= lines.written && items;
    });

    writeFileSync(offset, `+${60 * 86_400}s\n`);
    const { deletionStopped } = await until("a word about the clock", async () => {
      const now = await stored();
      return now.deletionStopped !== "" && now;
    });
    expect(deletionStopped).toContain("the clock jumped ahead by 60 days");
    expect(stage.log("up")).toContain("deletion of stored data is stopped");
    const own = asking(url);
    expect(await own.own('lapwing_store_deletion_stopped{reason="clock"}')).toBe(1);
    expect(await stored()).toMatchObject({ items: before, trashFiles: 0 });

    writeFileSync(offset, "+0s\n");
    await until("deletion going on", async () => (await stored()).deletionStopped === "");
    expect(await stored()).toMatchObject({ items: before, trashFiles: 0 });
  },
  60_000,
);
