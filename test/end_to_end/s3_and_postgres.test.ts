import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { auditScrapes } from "#test/chaos/audit_scrapes.ts";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter, NumberedLines, audit } from "#test/support/numbered.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { removeS3, s3Missing, startS3 } from "#test/support/s3.ts";
import { Stage } from "#test/support/stage.ts";
import { transpiled } from "#test/support/transpiled.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const missing = [
  s3Missing,
  postgresMissing,
  natsServerPath === undefined ? "nats-server is not on PATH" : undefined,
].filter((why) => why !== undefined);

/** The number in a metric or a line, of all that is stored. */
async function numbersOf(lapwing: ReturnType<typeof asking>, sql: string): Promise<number[]> {
  const rows = await lapwing.sql(sql);
  return rows.map(([text]) => Number(/(\d+)( end)?$/.exec(String(text))?.[1]));
}

test.skipIf(missing.length > 0)(
  `blocks on S3 and a catalog in PostgreSQL survive ends, kills and the loss of the local disk ${missing.join(", ")}`,
  async () => {
    const s3 = await startS3();
    stage.after(() => removeS3(s3));
    const postgres = await startPostgres();
    stage.after(() => postgres.stop());
    const nats = await startNats();
    stage.after(() => nats.stop());
    const exporter = new NumberedExporter("one");
    stage.after(() => exporter.stop());
    const lines = new NumberedLines(stage.path("app.log"), "one");
    stage.after(() => lines.stop());
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const aggregatorOptions = {
      role: "aggregator" as const,
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: uplink,
        ingest: { flush_interval: "300ms" },
        storage: {
          url: `s3://${s3.bucket}/lapwing`,
          s3: {
            endpoint: s3.endpoint,
            region: "us-east-1",
            access_key_id: s3.accessKeyId,
            secret_access_key: s3.secretAccessKey,
          },
          catalog: postgres.url,
          compaction: { interval: "1s", blocks_max: 4 },
          delete_after: "1s",
        },
        query: { sql: { rows_max: 1_000_000 } },
      },
    };
    let aggregator = await stage.start(aggregatorOptions);
    const agent = await stage.start({
      role: "agent",
      name: "agent",
      config: {
        data_dir: stage.path("agent"),
        nats: uplink,
        sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
        scrape_configs: [
          {
            job_name: "numbered",
            scrape_interval: "200ms",
            static_configs: [{ targets: [exporter.target] }],
          },
        ],
      },
    });
    lines.start(300);
    for (const signal of ["SIGTERM", "SIGKILL", "SIGKILL", "SIGKILL"] as const) {
      await until("a few commits", async () => {
        const series = "lapwing_ingest_flush_seconds_count";
        return (await asking(aggregator.url).own(series)) >= 3;
      });
      const code = await aggregator.end(signal);
      if (signal === "SIGTERM") expect(code).toBe(0);
      // Nothing on the aggregator's own disk is needed.
      rmSync(stage.path("aggregator"), { recursive: true, force: true });
      aggregator = await stage.start(aggregatorOptions);
    }
    const lapwing = asking(aggregator.url);
    lines.stop();
    const have = await until("all lines", async () => {
      const numbers = await numbersOf(lapwing, "SELECT body FROM logs");
      return numbers.length >= lines.written && numbers;
    });
    expect(audit(have, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
    // What was left by a break comes after what is new.
    const others = await until("all samples", async () => {
      const { missing: lost, ...more } = await auditScrapes((sql) => lapwing.sql(sql), exporter);
      return lost.length === 0 && more;
    });
    expect(others).toEqual({ repeated: [], foreign: 0 });
    await until("everything in blocks", async () => {
      const lane = await lapwing.account("logs");
      return lane?.stored === lines.written && lane.inFlight === 0;
    });
    // The blocks are in the bucket, and neither blocks nor a catalog on the disk.
    expect(
      readdirSync(s3.folder, { recursive: true }).some((name) => /\.parquet/.test(String(name))),
    ).toBe(true);
    expect(existsSync(stage.path("aggregator", "aggregator", "catalog.db"))).toBe(false);
    expect(existsSync(stage.path("aggregator", "aggregator", "blocks"))).toBe(false);
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(await aggregator.end("SIGTERM")).toBe(0);

    // Another catalog, as after the loss of the first: refused, and made again from the files.
    await using admin = new Bun.SQL({ url: postgres.url, max: 1 });
    await admin.unsafe("CREATE DATABASE second");
    const second = postgres.url.replace(/postgres$/, "second");
    const command = (...words: string[]) => {
      const program = join(import.meta.dir, "..", "..", "lapwing.ts");
      const options = ["--config", stage.path("aggregator.yaml"), "--set"];
      const all = [program, ...words, ...options, `storage.catalog=${second}`];
      const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, ...all], {
        env: { PATH: process.env["PATH"] ?? "", HOME: stage.folder, ...transpiled },
        timeout: 30_000,
      });
      return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
    };
    const refused = command("aggregator");
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("belongs to the catalog");
    expect(refused.err).toContain("lapwing storage rebuild");
    const plan = command("storage", "adopt");
    expect(plan.code).toBe(1);
    expect(plan.out).toMatch(/0 blocks in this catalog.*\n[1-9]\d* block files that this catalog/);
    expect(command("storage", "rebuild")).toMatchObject({ code: 0, err: "" });
    const { config } = aggregatorOptions;
    const rebuilt = await stage.start({
      ...aggregatorOptions,
      config: { ...config, storage: { ...config.storage, catalog: second } },
    });
    const again = await numbersOf(asking(rebuilt.url), "SELECT body FROM logs");
    expect(audit(again, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
    expect(await rebuilt.end("SIGTERM")).toBe(0);
  },
  120_000,
);
