import { afterAll, expect, test } from "bun:test";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter, NumberedLines, audit } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

/** Flips bits of 16 bytes in the middle of the only segment of a lane. */
function damage(lane: string): void {
  const [name, ...more] = readdirSync(lane).filter((one) => one.endsWith(".seg"));
  if (name === undefined || more.length > 0) throw new Error("expected one segment");
  const bytes = readFileSync(join(lane, name));
  const middle = Math.floor(bytes.length / 2);
  for (let i = middle; i < middle + 16; i++) bytes[i] = (bytes[i] ?? 0) ^ 0xff;
  writeFileSync(join(lane, name), bytes);
}

test.skipIf(natsServerPath === undefined)(
  "damage in a spool costs what lies behind it, kept as a file and counted to the item (needs nats-server)",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const exporter = new NumberedExporter("one");
    stage.after(() => exporter.stop());
    const lines = new NumberedLines(stage.path("app.log"), "one");
    stage.after(() => lines.stop());
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const agentOptions = {
      role: "agent" as const,
      name: "agent",
      config: {
        data_dir: stage.path("agent"),
        nats: uplink,
        sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
        scrape_configs: [
          {
            job_name: "numbered",
            scrape_interval: "100ms",
            static_configs: [{ targets: [exporter.target] }],
          },
        ],
      },
    };
    // No aggregator has made a stream yet: what is collected lies in the spool alone.
    const first = await stage.start(agentOptions);
    lines.start(500);
    await until("a spool with many frames", async () => {
      return (await asking(first.url).own('lapwing_spool_frames_total{signal="logs"}')) > 8;
    });
    expect(await first.end("SIGTERM")).toBe(0);
    const lanes = ["logs", "metrics"].map((lane) => stage.path("agent", "agent", "spool", lane));
    for (const lane of lanes) damage(lane);

    const second = await stage.start(agentOptions);
    const onAgent = asking(second.url);
    const corrupt: number[] = [];
    for (const [i, signal] of ["logs", "metrics"].entries()) {
      const labels = `signal="${signal}"`;
      expect(await onAgent.own(`lapwing_spool_corrupt_segments_total{${labels}}`)).toBe(1);
      const lost = `lapwing_spool_dropped_items_total{${labels},reason="spool_corrupt"}`;
      corrupt.push(await onAgent.own(lost));
      expect(corrupt[i]).toBeGreaterThan(0);
      expect(readdirSync(lanes[i] ?? "").filter((name) => name.includes(".corrupt-"))).toHaveLength(
        1,
      );
    }
    const [corruptLines = 0, corruptSamples = 0] = corrupt;

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
    const lapwing = asking(aggregator.url);
    await until("what came later", async () => {
      const [[count] = []] = await lapwing.sql("SELECT count(*) FROM logs");
      return Number(count) > 100;
    });
    lines.stop();
    const logs = await until("an account without anything in flight", async () => {
      const lane = await lapwing.account("logs");
      const isAll = lane?.inFlight === 0 && lane.collected === lines.written;
      if (!isAll) throw new Error(JSON.stringify(lane));
      return lane;
    });
    expect(logs).toMatchObject({
      collected: lines.written,
      dropped: { spool_corrupt: corruptLines },
    });
    // SQL answers from a picture of the head that may be a second old.
    const numbers = await until("all rows", async () => {
      const rows = await lapwing.sql("SELECT body FROM logs");
      const have = rows.map(([body]) => Number(/line (\d+) end$/.exec(String(body))?.[1]));
      return have.length >= lines.written - corruptLines && have;
    });
    const { missing, repeated, foreign } = audit(numbers, lines.written);
    expect({ missing: missing.length, repeated, foreign }).toEqual({
      missing: corruptLines,
      repeated: [],
      foreign: 0,
    });
    // One hole, and not at an end: up to the last good frame, and everything after the start.
    expect((missing.at(-1) ?? 0) - (missing[0] ?? 0) + 1).toBe(missing.length);
    expect(numbers).toContain(1);
    expect(numbers).toContain(lines.written);

    expect(await second.end("SIGTERM")).toBe(0);
    const metrics = await until("the account of metrics", async () => {
      const lane = await lapwing.account("metrics");
      return lane?.inFlight === 0 && lane;
    });
    expect(metrics.dropped).toEqual({ spool_corrupt: corruptSamples });
    // What the aggregator makes itself, of the lines and of its agents (every 15 s), is in no spool.
    const made = ["lapwing_log_pattern_%", "lapwing_agent_%"];
    const isSent = made.map((like) => `name NOT LIKE '${like}'`).join(" AND ");
    const sent = `SELECT count(*) FROM metrics WHERE ${isSent}`;
    await until("all samples", async () => {
      const [[samples] = []] = await lapwing.sql(sent);
      return Number(samples) === metrics.stored;
    });
    expect(metrics.collected).toBe(metrics.stored + corruptSamples);
  },
  40_000,
);
