import { SQL } from "bun";
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { asking, until } from "#test/support/asking.ts";
import { NumberedLines, audit } from "#test/support/numbered.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Stage } from "#test/support/stage.ts";
import { TcpProxy } from "#test/support/tcp_proxy.ts";

const stage = new Stage();
afterAll(() => stage.stop());

/** A statement waits for 4 s; the rest is for a busy machine. */
const quickMs = 12_000;

type Away = { readonly what: string; readonly begin: () => Promise<() => Promise<void>> };

/** While the catalog is away the process says so, answers what it can, fails what it can't, and then goes on by itself. */
async function expectToEndure(name: string, storage: object, aways: readonly Away[]) {
  const lines = new NumberedLines(stage.path(`${name}.log`), "one");
  stage.after(() => lines.stop());
  const up = await stage.start({
    role: "up",
    name,
    config: {
      data_dir: stage.path(name),
      sources: [{ type: "file_logs", paths: [lines.path], start_at: "beginning" }],
      ingest: { flush_interval: "200ms" },
      storage,
      query: { sql: { rows_max: 1_000_000 } },
    },
  });
  lines.start(100);
  const lapwing = asking(up.url);
  const isReady = async () => (await lapwing.ready()).status === 200;
  for (const { what, begin } of aways) {
    await until("ready", isReady, 30_000);
    const end = await begin();
    const shown = await until(`${what} to show`, async () => {
      const { status, text } = await lapwing.ready();
      return status === 503 && /^catalog: /m.test(text) && text;
    });
    expect(shown).toMatch(/^catalog: (renew the lease|ask for the owner) of the catalog: /m);
    const askedMs = performance.now();
    // Needs no catalog.
    expect((await lapwing.get("/loki/api/v1/labels")).status).toBe(200);
    expect(performance.now() - askedMs).toBeLessThan(3_000);
    // Saves something in it.
    const form = new URLSearchParams({ query: '{job="none"}', start: "1", end: "2" });
    const failed = await lapwing.get(`/loki/api/v1/delete?${form.toString()}`, { method: "POST" });
    expect(failed.status).toBeGreaterThanOrEqual(500);
    expect(await failed.text()).toMatch(/catalog|deletion/);
    expect(performance.now() - askedMs).toBeLessThan(quickMs);
    await end();
  }
  await until("ready again", isReady, 30_000);
  lines.stop();
  const have = await until("all lines", async () => {
    const rows = await lapwing.sql("SELECT body FROM logs WHERE body LIKE 'one line %'");
    return rows.length >= lines.written && rows;
  });
  const numbers = have.map(([body]) => Number(/(\d+) end$/.exec(String(body))?.[1]));
  expect(audit(numbers, lines.written)).toEqual({ missing: [], repeated: [], foreign: 0 });
  expect(await up.end("SIGTERM")).toBe(0);
}

const owner = { lease: "3s", renew_interval: "500ms" };

test(
  "a catalog in SQLite that another process has locked shows at once, and stops no other request",
  () =>
    expectToEndure("sqlite", { owner }, [
      {
        what: "the lock",
        begin: async () => {
          const other = new Database(stage.path("sqlite", "aggregator", "catalog.db"));
          await until("the lock", () => {
            other.run("BEGIN EXCLUSIVE");
            return true;
          });
          return () => Promise.resolve(other.close());
        },
      },
    ]),
  90_000,
);

test.skipIf(postgresMissing !== undefined)(
  `a catalog in PostgreSQL that is locked, or away, shows at once, and stops no other request ${postgresMissing ?? ""}`,
  async () => {
    const postgres = await startPostgres();
    stage.after(() => postgres.stop());
    const proxy = await TcpProxy.start(postgres.port);
    stage.after(() => proxy.stop());
    const url = postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
    await expectToEndure("postgres", { owner, catalog: url }, [
      {
        what: "the lock",
        begin: async () => {
          const sql = new SQL({ url: postgres.url, max: 1 });
          await sql.unsafe("BEGIN");
          await sql.unsafe("LOCK TABLE owner_lease, blocks IN ACCESS EXCLUSIVE MODE");
          return async () => {
            await sql.unsafe("ROLLBACK");
            await sql.close();
          };
        },
      },
      {
        what: "the broken connection",
        begin: async () => {
          await Promise.resolve(proxy.cut());
          return async () => {
            await Promise.resolve(proxy.mend());
          };
        },
      },
    ]);
  },
  120_000,
);
