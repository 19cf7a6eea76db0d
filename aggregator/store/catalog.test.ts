import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "./catalog.ts";

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
