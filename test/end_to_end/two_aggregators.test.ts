import { SQL } from "bun";
import { afterAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedLines, audit } from "#test/support/numbered.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

/** Lines that are stored, by number, each as often as it is. */
async function numbersOf(lapwing: ReturnType<typeof asking>): Promise<number[]> {
  const rows = await lapwing.sql("SELECT body FROM logs WHERE body LIKE 'one line %'");
  return rows.map(([body]) => Number(/(\d+) end$/.exec(String(body))?.[1]));
}

function linesInto(name: string) {
  const lines = new NumberedLines(stage.path(`${name}.log`), "one");
  stage.after(() => lines.stop());
  const sources = [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }];
  return { lines, sources };
}

async function expectEachOnce(lapwing: ReturnType<typeof asking>, written: number): Promise<void> {
  const have = await until("all lines", async () => {
    const numbers = await numbersOf(lapwing);
    return numbers.length >= written && numbers;
  });
  expect(audit(have, written)).toEqual({ missing: [], repeated: [], foreign: 0 });
}

const query = { sql: { rows_max: 1_000_000 } };
const message = (promise: Promise<unknown>) => promise.then(() => "started", messageOf);

test("a second Lapwing on one data directory or SQLite catalog is refused, a kill is no hindrance, and a fenced one stops", async () => {
  const { lines, sources } = linesInto("sqlite");
  const config = {
    data_dir: stage.path("data"),
    sources,
    ingest: { flush_interval: "200ms" },
    storage: { owner: { renew_interval: "200ms" } },
    query,
  };
  const up = () => stage.start({ role: "up", name: "first", config });
  const second = (more: Record<string, unknown>, role: "up" | "aggregator" = "aggregator") =>
    message(stage.start({ role, name: "second", config: { ...config, ...more } }));
  const first = await up();
  lines.start(300);
  const name = `\\(pid ${first.pid} on .*, since 20.*, data directory .*data_dir`;
  const catalog = `sqlite://${stage.path("data", "aggregator", "catalog.db")}`;
  const refusals = await Promise.all([
    message(stage.start({ role: "up", name: "same", config })),
    second({ sources: [], storage: { catalog: `sqlite://${stage.path("other.db")}` } }),
    message(
      stage.start({
        role: "aggregator",
        name: "third",
        config: { data_dir: stage.path("elsewhere"), storage: { catalog } },
      }),
    ),
  ]);
  expect(refusals[0]).toMatch(new RegExp(`folder .*agent is in use by another Lapwing ${name}`));
  expect(refusals[1]).toMatch(new RegExp(`data directory .* is held by a running Lapwing ${name}`));
  expect(refusals[2]).toMatch(new RegExp(`the catalog is held by a running Lapwing ${name}`));

  // One that stands still still owns what it has, and goes on with it.
  first.pause();
  const elsewhere = { data_dir: stage.path("elsewhere"), storage: { catalog } };
  expect(await second({ ...elsewhere, sources: [] })).toMatch(/that was stopped by a signal/);
  first.resume();
  const written = lines.written;
  await until("lines after the pause", async () => {
    return (await numbersOf(asking(first.url))).length > written;
  });

  await first.end("SIGKILL");
  const startedMs = performance.now();
  const next = await up();
  // Less than a lease: a dead owner is not waited for.
  expect(performance.now() - startedMs).toBeLessThan(14_000);

  // As from another machine, where the file's locks do not reach.
  next.pause();
  const sql = new SQL({ adapter: "sqlite", filename: catalog.slice("sqlite://".length) });
  await sql`UPDATE owner_lease SET epoch = epoch + 1`;
  const stored = await sql`SELECT count(*) AS blocks FROM blocks`;
  next.resume();
  expect(await next.exited()).toBe(1);
  expect(stage.log("first")).toContain("this process no longer owns the catalog");
  expect([...(await sql`SELECT count(*) AS blocks FROM blocks`)]).toEqual([...stored]);
  await sql.close();

  const last = await up();
  lines.stop();
  await expectEachOnce(asking(last.url), lines.written);
  expect(await last.end("SIGTERM")).toBe(0);
}, 90_000);

const missing = [
  postgresMissing,
  natsServerPath === undefined ? "nats-server is not on PATH" : undefined,
].filter((why) => why !== undefined);

test.skipIf(missing.length > 0)(
  `an aggregator that stood still past its lease in PostgreSQL is followed, and commits nothing ${missing.join(", ")}`,
  async () => {
    const postgres = await startPostgres();
    stage.after(() => postgres.stop());
    const nats = await startNats();
    stage.after(() => nats.stop());
    const uplink = { servers: [nats.url], reconnect_wait: "100ms" };
    const start = (name: string) =>
      stage.start({
        role: "aggregator",
        name,
        config: {
          data_dir: stage.path(name),
          nats: uplink,
          ingest: { flush_interval: "200ms" },
          storage: {
            url: stage.path("blocks"),
            catalog: postgres.url,
            owner: { lease: "2s", renew_interval: "300ms" },
            compaction: { interval: "300ms", blocks_max: 4 },
            delete_after: "1s",
          },
          query,
        },
      });
    const first = await start("one");
    const { lines, sources } = linesInto("postgres");
    const agentConfig = { data_dir: stage.path("agent"), nats: uplink, sources };
    const agent = await stage.start({ role: "agent", name: "agent", config: agentConfig });
    lines.start(300);
    await until("commits", async () => {
      return (await asking(first.url).own("lapwing_ingest_flush_seconds_count")) >= 3;
    });
    expect(await message(start("two"))).toMatch(
      new RegExp(`the catalog is held by a running Lapwing \\(pid ${first.pid} on `),
    );

    first.pause();
    const second = await start("two");
    await until("commits of the second", async () => {
      return (await asking(second.url).own("lapwing_ingest_flush_seconds_count")) >= 3;
    });
    first.resume();
    expect(await first.exited()).toBe(1);
    expect(stage.log("one")).toMatch(/no longer owns the catalog.*has followed epoch 1: pid \d+/);

    // A clean end leaves nothing to wait for, and neither does a kill on the same machine.
    expect(await second.end("SIGTERM")).toBe(0);
    const third = await start("one");
    await third.end("SIGKILL");
    const last = await start("two");
    expect(await asking(last.url).own("lapwing_store_owner_epoch")).toBe(4);
    lines.stop();
    await expectEachOnce(asking(last.url), lines.written);
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(await last.end("SIGTERM")).toBe(0);
  },
  90_000,
);
