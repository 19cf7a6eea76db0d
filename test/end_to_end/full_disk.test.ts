import { afterEach, beforeEach, expect, test } from "bun:test";
import { auditScrapes } from "#test/chaos/audit_scrapes.ts";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter, NumberedLines, audit } from "#test/support/numbered.ts";
import { Stage, canMount, fillDisk } from "#test/support/stage.ts";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.stop());

const megabytes = 24;
/** up, scrape_duration_seconds, scrape_samples_scraped, ..._post_metric_relabeling, scrape_series_added. */
const itemsAScrape = 1 + 5;
const isAllowed = canMount();

/** A numbered exporter and a numbered log, and the sources that collect them. */
function numbered() {
  const exporter = new NumberedExporter("one");
  stage.after(() => exporter.stop());
  const lines = new NumberedLines(stage.path("app.log"), "one");
  stage.after(() => lines.stop());
  lines.start(200);
  const sources = [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }];
  const scrape = {
    job_name: "numbered",
    scrape_interval: "250ms",
    scrape_timeout: "200ms",
    static_configs: [{ targets: [exporter.target] }],
  };
  return { exporter, lines, config: { sources, scrape_configs: [scrape] } };
}

type Asking = ReturnType<typeof asking>;

async function storedLines(lapwing: Asking): Promise<number[]> {
  const rows = await lapwing.sql("SELECT body FROM logs");
  return rows.map(([body]) => Number(/^one line (\d+) end$/.exec(String(body))?.[1]));
}

/** Waits until every line that was written is queryable. */
async function allLines(lapwing: Asking, written: number): Promise<number[]> {
  return until("all lines", async () => {
    const have = await storedLines(lapwing);
    return have.length >= written && have;
  });
}

/** A record for every protocol of logs that answers its sender. */
function pushes() {
  const nanos = `${Date.now()}000000`;
  const json = "application/json";
  const stream = { stream: { app: "a" }, values: [[nanos, "pushed"]] };
  const record = { timeUnixNano: nanos, body: { stringValue: "pushed" } };
  const otlp = { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
  return [
    { path: "/loki/api/v1/push", type: json, body: JSON.stringify({ streams: [stream] }) },
    { path: "/v1/logs", type: json, body: JSON.stringify(otlp) },
    {
      path: "/_bulk",
      type: "application/x-ndjson",
      body: '{"create":{"_index":"a"}}\n{"message":"pushed"}\n',
    },
    {
      path: "/api/v1/monitoring/logs?labels=app=a",
      type: json,
      body: JSON.stringify({ time: new Date().toISOString(), message: "pushed" }),
    },
  ];
}

/** up with its data on a small disk. */
function startUp(config: Record<string, unknown>) {
  return stage.start({
    role: "up",
    name: "up",
    config: { data_dir: stage.path("disk"), ingest: { flush_interval: "500ms" }, ...config },
  });
}

test.skipIf(natsServerPath === undefined || !isAllowed)(
  "a full disk under the agent shows everywhere, keeps every line, and counts each sample (needs nats-server, root)",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const disk = stage.mount("agent", megabytes);
    const { exporter, lines, config } = numbered();
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const query = { sql: { rows_max: 1_000_000 } };
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: { data_dir: stage.path("data"), nats: uplink, query },
    });
    const agent = await stage.start({
      role: "agent",
      name: "agent",
      config: { data_dir: disk, nats: uplink, ...config },
    });
    const lapwing = asking(aggregator.url);
    const onAgent = asking(agent.url);
    await until("first lines", async () => (await storedLines(lapwing)).length > 50);
    expect(await until("ready", async () => (await onAgent.ready()).status === 200)).toBe(true);

    const makeRoom = fillDisk(disk);
    await until("the agent to say so", async () => {
      const { status, text } = await onAgent.ready();
      return status === 503 && /spool of (logs|metrics): full: .*ENOSPC/.test(text);
    });
    const failures = 'lapwing_spool_write_failures_total{signal="logs"}';
    await until("the failures", async () => (await onAgent.own(failures)) > 0);
    await until("the heartbeat to say so", async () => {
      const { agents } = await lapwing.rpc.listAgents({});
      const lanes = agents.flatMap(({ heartbeat }) => heartbeat?.lanes ?? []);
      return lanes.some(({ state, lastError }) => state === "full" && /ENOSPC/.test(lastError));
    });
    await until("a scrape that is dropped", async () => {
      const lane = await lapwing.account("metrics");
      return (lane?.dropped["disk_error"] ?? 0) > 0;
    });

    makeRoom();
    await until("ready again", async () => (await onAgent.ready()).status === 200);
    const scraped = exporter.servedMs.length;
    await until("scrapes after it", () => exporter.servedMs.length > scraped + 4);
    lines.stop();
    const have = await allLines(lapwing, lines.written);
    expect(audit(have, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
    expect(await agent.end("SIGTERM")).toBe(0);

    // What was left by the break comes after what is new.
    const { account, refused } = await until("what was refused to be told", async () => {
      const { missing, repeated } = await auditScrapes((sql) => lapwing.sql(sql), exporter);
      expect(repeated).toEqual([]);
      const lane = await lapwing.account("metrics");
      const isTold =
        missing.length > 0 && lane?.dropped["disk_error"] === missing.length * itemsAScrape;
      return isTold && { account: lane, refused: missing.length };
    });
    expect(account.collected).toBe(account.stored + account.inFlight + refused * itemsAScrape);
    expect(Object.keys(account.dropped)).toEqual(["disk_error"]);
  },
  60_000,
);

test.skipIf(natsServerPath === undefined || !isAllowed)(
  "a full disk under the aggregator shows, loses nothing, and is over when there is room (needs nats-server, root)",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    const disk = stage.mount("aggregator", 2 * megabytes);
    const { exporter, lines, config } = numbered();
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: disk,
        nats: uplink,
        ingest: { flush_interval: "500ms" },
        query: { sql: { rows_max: 1_000_000 } },
      },
    });
    const agent = await stage.start({
      role: "agent",
      name: "agent",
      config: { data_dir: stage.path("data"), nats: uplink, ...config },
    });
    const lapwing = asking(aggregator.url);
    await until("first blocks", async () => {
      return (await lapwing.own("lapwing_ingest_committed_items_total")) > 100;
    });
    const makeRoom = fillDisk(disk);
    const told = await until("the aggregator to say so", async () => {
      const { status, text } = await lapwing.ready();
      return status === 503 && text;
    });
    expect(told).toMatch(/^store: .*(ENOSPC|full|space)/i);
    const text = await (await lapwing.get("/metrics")).text();
    expect(text).toMatch(/lapwing_ingest_flush_failures_total\{code="\w+"\} [1-9]/);
    // What is in memory is still answered.
    // A scrape that fails on a busy machine ends the series until the next one.
    expect(await lapwing.promql("last_over_time(chaos_number[1m])")).toHaveLength(1);
    const scraped = exporter.servedMs.length;
    await until("scrapes meanwhile", () => exporter.servedMs.length > scraped + 4);

    makeRoom();
    // A refused flush is tried again after 1 to 30 s.
    await until("ready again", async () => (await lapwing.ready()).status === 200, 40_000);
    lines.stop();
    const have = await allLines(lapwing, lines.written);
    expect(audit(have, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
    await until("all in blocks", async () => {
      const lane = await lapwing.account("logs");
      return lane?.inFlight === 0 && lane.stored === lines.written;
    });
    const scrapes = await auditScrapes((sql) => lapwing.sql(sql), exporter);
    expect(scrapes).toEqual({ missing: [], repeated: [], foreign: 0 });
    expect((await lapwing.account("metrics"))?.dropped).toEqual({});
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(await aggregator.end("SIGTERM")).toBe(0);
  },
  60_000,
);

test.skipIf(!isAllowed)(
  "a full disk refuses pushes of logs at once, does not hold up the end, and no line is missing after it (needs root)",
  async () => {
    const disk = stage.mount("disk", 2 * megabytes);
    const { lines, config } = numbered();
    const full = { ...config, query: { sql: { rows_max: 1_000_000 } } };
    const first = await startUp(full);
    await until("first lines", async () => (await storedLines(asking(first.url))).length > 50);
    const makeRoom = fillDisk(disk);
    await until("a refused line", async () =>
      /spool of logs: full/.test((await asking(first.url).ready()).text),
    );
    for (const { path, type, body } of pushes()) {
      const pushedMs = performance.now();
      const headers = { "content-type": type };
      const answer = await asking(first.url).get(path, { method: "POST", headers, body });
      // A line of a file waits for room meanwhile.
      expect({ path, status: answer.status }).toEqual({ path, status: 503 });
      expect(answer.headers.get("retry-after")).toBe("1");
      expect(await answer.text()).toContain("the spool takes no logs: full: ");
      expect(performance.now() - pushedMs).toBeLessThan(5_000);
    }
    const started = performance.now();
    expect(await first.end("SIGTERM")).toBe(0);
    expect(performance.now() - started).toBeLessThan(10_000);
    makeRoom();
    const second = await startUp(full);
    lines.stop();
    const have = await allLines(asking(second.url), lines.written);
    expect(audit(have, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
  },
  40_000,
);
