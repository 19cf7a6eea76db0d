import { afterAll, expect, test } from "bun:test";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asking, until } from "#test/support/asking.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { transpiled } from "#test/support/transpiled.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-storage-commands-"));
let scrapes = 0;
const target = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => {
    scrapes += 1;
    return new Response(`counted{kind="kept"} ${scrapes}\ncounted{kind="gone"} ${scrapes}\n`);
  },
});
afterAll(async () => {
  await target.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

const start = () =>
  LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: {
      data_dir: join(folder, "data"),
      sources: [],
      scrape_configs: [
        {
          job_name: "t",
          scrape_interval: "500ms",
          scrape_timeout: "400ms",
          static_configs: [{ targets: [`127.0.0.1:${target.port}`] }],
        },
      ],
    },
  });

const storage = (...words: string[]) => run("storage", ...words);

/** A command to its end. */
function run(...words: string[]): { code: number; out: string; err: string } {
  const program = join(import.meta.dir, "..", "..", "lapwing.ts");
  const child = Bun.spawnSync(
    [process.execPath, program, ...words, "--config", join(folder, "up.yaml")],
    { env: { PATH: process.env.PATH ?? "", HOME: folder, ...transpiled }, timeout: 30_000 },
  );
  const { exitCode: code, stdout, stderr } = child;
  return { code, out: stdout.toString(), err: stderr.toString() };
}

/** What others than the user may read or write. */
function openedTo(path: string): string[] {
  const found = lstatSync(path);
  const within = found.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [];
  return [...((found.mode & 0o077) === 0 ? [] : [path]), ...within.flatMap(openedTo)];
}

/** Samples of a kind up to a moment, as they lie in files and head: one that is stored twice counts twice. */
async function storedUpTo(url: string, kind: string, ms: number): Promise<number> {
  const rows = await asking(url).sql(`SELECT count(*)::INTEGER, count(DISTINCT timestamp)::INTEGER
    FROM metrics WHERE name = 'counted' AND labels['kind'] = '${kind}' AND epoch_ms(timestamp) <= ${ms}`);
  const [all, distinct] = rows[0] ?? [];
  expect(all).toBe(distinct);
  return Number(all);
}

test("a catalog that is lost after a deletion and a kill comes back from the blocks: nothing lost, nothing twice, nothing back", async () => {
  const before = await start();
  const lapwing = asking(before.url);
  await until("some scrapes", async () => {
    const [counted] = await lapwing.promql('count_over_time(counted{kind="gone"}[5m])');
    return (counted?.value ?? 0) >= 3;
  });
  const path = `/api/v1/admin/tsdb/delete_series?match[]=${encodeURIComponent('counted{kind="gone"}')}`;
  const deletedMs = Date.now();
  expect((await lapwing.get(path, { method: "POST" })).status).toBe(204);
  expect(await storedUpTo(before.url, "gone", deletedMs - 1_000)).toBe(0);
  expect(
    (await lapwing.get("/api/v1/admin/tsdb/clean_tombstones", { method: "POST" })).status,
  ).toBe(204);
  const kept = await storedUpTo(before.url, "kept", deletedMs - 1_000);
  expect(kept).toBeGreaterThan(0);

  expect(storage("check")).toMatchObject({ code: 0, err: "" });
  const refused = storage("rebuild");
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("held by a running Lapwing");
  expect(storage("backup", "--to", join(folder, "backup")).code).toBe(0);
  await before.end("SIGKILL");

  expect(openedTo(join(folder, "data"))).toEqual([]);

  const data = join(folder, "data", "aggregator");
  for (const name of readdirSync(data)) if (name.startsWith("catalog.db")) rmSync(join(data, name));
  const files = readdirSync(join(data, "blocks"), { recursive: true });
  const lost = run("up");
  expect(lost.code).toBe(1);
  expect(lost.err).toMatch(/belongs to the catalog \S+, this one is \S+ and has 0 blocks/);
  expect(lost.err).toContain("lapwing storage rebuild");
  expect(readdirSync(join(data, "blocks"), { recursive: true })).toEqual(files);
  expect(storage("adopt")).toMatchObject({ code: 1, err: "" });
  expect(storage("rebuild")).toMatchObject({ code: 0, err: "" });
  expect(storage("check").out).toMatch(/^[1-9]\d* blocks, [1-9]\d* items: ok$/m);

  const after = await start();
  await until("scrapes after the restart", async () => {
    const [counted] = await asking(after.url).promql('counted{kind="kept"}');
    return counted !== undefined;
  });
  expect(await storedUpTo(after.url, "kept", deletedMs - 1_000)).toBe(kept);
  expect(await storedUpTo(after.url, "gone", deletedMs - 1_000)).toBe(0);
  const itemsInBlocks = () => Number(/(\d+) items: ok$/m.exec(storage("check").out)?.[1]);
  const itemsBefore = itemsInBlocks();
  expect(storage("flush", "--url", after.url)).toMatchObject({ code: 0, err: "" });
  expect(itemsInBlocks()).toBeGreaterThan(itemsBefore);
  await after.end("SIGTERM");
  const unheard = storage("flush", "--url", after.url);
  expect(unheard.code).toBe(1);
  expect(unheard.err).toContain(`${after.url}-/flush`);

  const output = join(folder, "kept.txt");
  const words = ["--match", 'counted{kind="kept"}', "--format", "openmetrics", "--output", output];
  expect(storage("export", ...words).code).toBe(0);
  const text = await Bun.file(output).text();
  expect(text).toMatch(/^counted\{instance="[^"]+",job="t",kind="kept"\} \d+ \d+\.\d{3}$/m);
  expect(text.endsWith("# EOF\n")).toBe(true);

  // Another place, from the backup.
  const elsewhere = ["--data-dir", join(folder, "elsewhere")];
  expect(storage("restore", "--from", join(folder, "backup"), ...elsewhere).code).toBe(0);
  expect(storage("check", ...elsewhere)).toMatchObject({ code: 0 });
}, 90_000);
