import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import type { SQL } from "bun";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "./catalog.ts";
import { migrations } from "./catalog_migrations.ts";
import { applyChange } from "./catalog_writes.ts";
import { deletionRequests } from "./deletion_requests.ts";
import { removedItems } from "./removed_items.ts";

const Counted = z.array(z.object({ n: z.number() }));

const engines = [
  {
    engine: "SQLite",
    start: async () => {
      const folder = await mkdtemp(join(tmpdir(), "lapwing-catalog-"));
      const url = `sqlite://${join(folder, "catalog.sqlite")}`;
      return { url, stop: () => rm(folder, { recursive: true }) };
    },
    missing: undefined,
  },
  { engine: "PostgreSQL", start: () => startPostgres(), missing: postgresMissing },
];

for (const { engine, start, missing } of engines)
  test.skipIf(missing !== undefined)(
    `what one process has read, another may change before the first writes: neither is refused, in ${engine}`,
    async () => {
      const server = await start();
      const { url } = server;
      const add = `
        import { Catalog } from ${JSON.stringify(join(import.meta.dir, "catalog.ts"))};
        const catalog = await Catalog.open(${JSON.stringify(url)});
        for (let i = 0; i < 100; i++)
          await catalog.transaction("add one", async (sql) => {
            const [{ n }] = await sql\`SELECT n FROM numbers\`;
            await Bun.sleep(1);
            await sql\`UPDATE numbers SET n = \${n + 1}\`;
          });
        await catalog.close();`;
      const catalog = await Catalog.open(url);
      try {
        await catalog.transaction("make a table", async (sql) => {
          await sql`CREATE TABLE numbers (n INTEGER)`;
          await sql`INSERT INTO numbers VALUES (0)`;
        });
        const ended = await Promise.all(
          [0, 1].map(async () => {
            const child = Bun.spawn([process.execPath, "-e", add], { stderr: "pipe" });
            return `${await new Response(child.stderr).text()}${await child.exited}`;
          }),
        );
        expect(ended).toEqual(["0", "0"]);
        const rows = await catalog.transaction("read it", async (sql) => [
          ...(await sql`SELECT n FROM numbers`),
        ]);
        expect(Counted.parse(rows)).toEqual([{ n: 200 }]);
      } finally {
        await catalog.close();
        await server.stop();
      }
    },
    60_000,
  );

const family = (i: number, help: string): MetricFamily => ({
  name: `m${i}`,
  type: "gauge",
  help,
  unit: "",
});

test("thousands of new metrics are few statements of a commit", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-catalog-"));
  const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.sqlite")}`);
  const save = (families: MetricFamily[]) =>
    catalog.transaction("save families", (sql) => {
      let statements = 0;
      const counted = new Proxy(sql, {
        apply: (target, self, given: Parameters<SQL>) => {
          if (Array.isArray(given[0]) && "raw" in given[0]) statements++;
          return Reflect.apply(target, self, given);
        },
      });
      const change = { added: [], removed: [], lanes: [], carrier: {}, deleteAfterMs: 0 };
      return applyChange(counted, { ...change, families: new Map([["main", families]]) }).then(
        () => statements,
      );
    });
  const first = Array.from({ length: 3_000 }, (_, i) => family(i, "first"));
  expect(await save(first)).toBeLessThan(20);
  expect(await save([family(7, "x"), family(7, "second"), family(3_000, "first")])).toBe(1);
  const expected = [...first, family(3_000, "first")].with(7, family(7, "second"));
  const saved = (await catalog.families()).map((row) => row.family);
  expect(saved.toSorted((a, b) => Number(a.name.slice(1)) - Number(b.name.slice(1)))).toEqual(
    expected,
  );
  await catalog.close();
  await rm(folder, { recursive: true });
});

/** A catalog as it was before the migration with the statement `step`. */
async function openBefore(folder: string, step: string): Promise<{ path: string; old: Database }> {
  const path = join(folder, "catalog.sqlite");
  await (await Catalog.open(`sqlite://${path}`)).close();
  const old = new Database(path);
  const place = migrations.findIndex((statements) => statements.join().includes(step));
  old.run("ALTER TABLE deletion_requests DROP COLUMN signal");
  old.run("ALTER TABLE deletion_requests RENAME TO log_deletions");
  for (const statement of migrations.slice(place).flat()) {
    const [, table] = /^CREATE TABLE (\w+)/.exec(statement) ?? [];
    if (table !== undefined) old.run(`DROP TABLE ${table}`);
  }
  old.run("DELETE FROM schema_migrations WHERE version > ?", [place]);
  return { path, old };
}

test("requests to delete log records stay in the list of those of all signals", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-catalog-"));
  const { path, old } = await openBefore(folder, "RENAME TO deletion_requests");
  const row = (id: string, status: string, removed: number) =>
    old.run("INSERT INTO log_deletions VALUES (?, 't', 'q', 1, 2, 3, 'ann', ?, ?)", [
      id,
      status,
      removed,
    ]);
  row("a", "received", 0);
  row("b", "received", 7);
  row("c", "processed", 9);
  old.close();
  const catalog = await Catalog.open(`sqlite://${path}`);
  try {
    const same = {
      signal: "logs" as const,
      tenant: "t",
      query: "q",
      startMs: 1,
      endMs: 2,
      createdMs: 3,
    };
    expect(await deletionRequests(catalog, "t")).toEqual(
      [
        { id: "a", status: "received" as const, removed: 0 },
        { id: "b", status: "started" as const, removed: 7 },
        { id: "c", status: "processed" as const, removed: 9 },
      ].map((one) => ({ ...same, ...one, actor: "ann" })),
    );
  } finally {
    await catalog.close();
    await rm(folder, { recursive: true });
  }
});

test("counts of removed records are carried over to counts by signal", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-catalog-"));
  const { path, old } = await openBefore(folder, "TABLE removed_items");
  old.run("CREATE TABLE removed_records (tenant TEXT, reason TEXT, items BIGINT)");
  old.run(
    "INSERT INTO removed_records VALUES ('t', 'deleted', 3), ('t', 'lost_samples', 9), ('u', 'lost', 1)",
  );
  old.close();
  const catalog = await Catalog.open(`sqlite://${path}`);
  try {
    expect(await removedItems(catalog, "t")).toEqual([
      { signal: "logs", reason: "deleted", items: 3 },
      { signal: "metrics", reason: "lost", items: 9 },
    ]);
    expect(await removedItems(catalog, "u")).toEqual([
      { signal: "logs", reason: "lost", items: 1 },
    ]);
  } finally {
    await catalog.close();
    await rm(folder, { recursive: true });
  }
});
