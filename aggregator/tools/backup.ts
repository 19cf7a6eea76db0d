import type { SQL } from "bun";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseBlockRows, type Catalog } from "../catalog/catalog.ts";
import { checksumOf } from "../objects/checksum.ts";
import { faultOfError } from "../blocks/integrity/file_fault.ts";
import { storeError } from "../read/storage_error.ts";
import { catalogId } from "../catalog/catalog_identity.ts";
import { removeMarks } from "../blocks/identity/owner_marks.ts";
import { setStorageOwner, storageOwner } from "../blocks/identity/storage_identity.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import { refuseUnlessEmpty } from "./rebuild_catalog.ts";
import type { BackupTools } from "../blocks/deps.ts";
import type { StorageTools } from "./storage_tools.ts";
import type { Block } from "../read/store.ts";

/** The catalog's tables at one moment, as JSON. */
const Dump = z.object({
  format: z.literal(1),
  takenMs: z.number(),
  schemaVersion: z.number(),
  tables: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
  blocks: z.array(
    z.object({ key: z.string(), bytes: z.number(), checksum: z.string().optional() }),
  ),
});
type Dump = z.output<typeof Dump>;

export type BackupReport = {
  readonly name: string;
  readonly blocks: number;
  readonly copied: number;
  /** Keys of damaged blocks that no backup in the place has: after a restore they are missing. */
  readonly damaged: readonly string[];
};

const dumpPrefix = "backups/";
/** While blocks are copied, an aggregator may merge them away: then it starts over with the blocks of that moment. */
const attemptsMax = 5;
/**
 * Tables that say nothing in another place or at another time: files still to be deleted, the steps of the schema, who owns the catalog, and
 * which starts wrote what. A catalog that was brought back does not know what was written after the backup, so it must not sweep it.
 */
const leftOut = new Set([
  "deletions",
  "schema_migrations",
  "owner_lease",
  "storage_claims",
  "trash",
  "maintenance_state",
]);

/**
 * A point in time in a folder or bucket: the catalog as it was at one moment, and every block it names. Blocks never
 * change, so a second backup into the same place copies only new ones. A damaged block is left out and reported. The dump is written last:
 * without it there is no backup.
 */
export async function backup(tools: BackupTools, target: ObjectStore): Promise<BackupReport> {
  const there = new Set<string>();
  for await (const { key } of target.list()) there.add(key);
  let copied = 0;
  for (let attempt = 1; ; attempt++) {
    const { dump, blocks } = await takeDump(tools.catalog);
    const damaged = new Set<string>();
    for (const block of blocks) {
      if (there.has(block.key)) continue;
      try {
        await copyBlock(tools.objects, target, block, tools.staging);
        there.add(block.key);
        copied += 1;
      } catch (error) {
        if (faultOfError(error) === undefined) throw error;
        damaged.add(block.key);
      }
    }
    if (attempt < attemptsMax && damaged.size > 0 && (await isAnyGone(tools.catalog, damaged)))
      continue;
    const name = nameOf(dump.takenMs);
    const whole = { ...dump, blocks: dump.blocks.filter(({ key }) => !damaged.has(key)) };
    await putText(target, `${dumpPrefix}${name}.json`, JSON.stringify(whole), tools.staging);
    return { name, blocks: whole.blocks.length, copied, damaged: [...damaged] };
  }
}

/** Whether one of the objects belongs to no block any more: merged away or expired meanwhile. */
async function isAnyGone(catalog: Catalog, keys: ReadonlySet<string>): Promise<boolean> {
  const known = new Set((await catalog.blocks()).map(({ key }) => key));
  return [...keys].some((key) => !known.has(key));
}

/** Names of the backups in a place, the oldest first. */
export async function listBackups(source: ObjectStore): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of source.list())
    if (key.startsWith(dumpPrefix) && key.endsWith(".json"))
      names.push(key.slice(dumpPrefix.length, -".json".length));
  return names.toSorted();
}

/**
 * Brings a backup (the latest, without a name) into an empty catalog and its object store. Blocks first, then the catalog in
 * one transaction: killed at any moment it can be run again.
 */
export async function restore(
  tools: StorageTools,
  source: ObjectStore,
  name?: string,
): Promise<BackupReport> {
  await tools.catalog.transaction("read the catalog", refuseUnlessEmpty);
  const names = await listBackups(source);
  const chosen = name ?? names.at(-1);
  if (chosen === undefined || !names.includes(chosen))
    throw new OperatingError(
      "not_found",
      `there is no backup ${name ?? ""} (there are: ${names.join(", ") || "none"})`,
    );
  const dump = await readDump(source, chosen, tools.staging);
  await refuseOtherOwner(tools, dump, chosen);
  const there = new Set<string>();
  for await (const { key } of tools.objects.list()) there.add(key);
  let copied = 0;
  for (const block of dump.blocks) {
    if (there.has(block.key)) continue;
    await copyBlock(source, tools.objects, block, tools.staging);
    copied += 1;
  }
  // First: killed between the two, the backup's own storage takes it again, and a full catalog would not.
  await setStorageOwner(tools, await idAfterwards(tools, dump));
  await tools.catalog.transaction("restore the catalog", async (sql) => {
    await refuseUnlessEmpty(sql);
    await insertDump(sql, dump);
  });
  await removeMarks(tools);
  return { name: chosen, blocks: dump.blocks.length, copied, damaged: [] };
}

/** The id that the catalog has once the backup is in it: its own where the backup is from before there were any. */
async function idAfterwards(tools: StorageTools, dump: Dump): Promise<string> {
  return idsOf(dump)[0] ?? (await tools.catalog.transaction("read the catalog's id", catalogId));
}

function idsOf({ tables }: Dump): string[] {
  return z
    .array(z.looseObject({ catalog: z.string() }))
    .parse(tables["catalog_identity"] ?? [])
    .map(({ catalog }) => catalog);
}

/** Allows a storage without an owner, and one of the backup's catalog or of the catalog that is restored into. */
async function refuseOtherOwner(tools: StorageTools, dump: Dump, name: string): Promise<void> {
  const owner = await storageOwner(tools);
  if (owner === undefined) return;
  const own = await tools.catalog.transaction("read the catalog's id", catalogId);
  const ids = idsOf(dump);
  if (owner === own || ids.includes(owner)) return;
  throw new OperatingError(
    "conflict",
    `the storage belongs to the catalog ${owner}, the backup ${name} is of ${ids.join() || "one without an id"}: ` +
      `expected an empty storage, or the one that the backup is of. Name another storage.url, ` +
      `or run \`lapwing storage adopt\` first`,
  );
}

async function takeDump(catalog: Catalog): Promise<{ dump: Dump; blocks: readonly Block[] }> {
  const { schemaVersion, tables } = await catalog.transaction("read the catalog", async (sql) => {
    const version = await schemaVersionOf(sql);
    const rows: Record<string, Record<string, unknown>[]> = {};
    for (const table of await tablesOf(catalog, sql))
      rows[table] = Rows.parse([...(await sql`SELECT * FROM ${sql(table)}`)]);
    return { schemaVersion: version, tables: rows };
  });
  const blocks = parseBlockRows(tables["blocks"] ?? []);
  const dump = { format: 1 as const, takenMs: Date.now(), schemaVersion, tables };
  return {
    dump: {
      ...dump,
      blocks: blocks.map(({ key, bytes, checksum }) => ({
        key,
        bytes,
        ...(checksum === undefined ? {} : { checksum }),
      })),
    },
    blocks,
  };
}

async function insertDump(sql: SQL, dump: Dump): Promise<void> {
  const version = await schemaVersionOf(sql);
  if (dump.schemaVersion > version)
    throw new OperatingError(
      "bad_request",
      `the backup is of schema ${dump.schemaVersion}, this Lapwing knows ${version}: use a newer one`,
    );
  for (const [table, rows] of Object.entries(dump.tables)) {
    await sql`DELETE FROM ${sql(table)}`;
    for (const row of rows) await sql`INSERT INTO ${sql(table)} ${sql(row)}`;
  }
}

async function schemaVersionOf(sql: SQL): Promise<number> {
  const rows: unknown[] = [...(await sql`SELECT max(version) AS version FROM schema_migrations`)];
  const [{ version } = { version: 0 }] = z
    .array(z.object({ version: z.coerce.number() }))
    .parse(rows);
  return version;
}

async function tablesOf(catalog: Catalog, sql: SQL): Promise<string[]> {
  const rows: unknown[] = [
    ...(await (catalog.isPostgres
      ? sql`SELECT table_name AS name FROM information_schema.tables
          WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
      : sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)),
  ];
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map(({ name }) => name)
    .filter((name) => !leftOut.has(name))
    .toSorted();
}

const Rows = z.array(z.record(z.string(), z.unknown()));

async function copyBlock(
  from: ObjectStore,
  to: ObjectStore,
  {
    key,
    bytes,
    checksum,
  }: Pick<Block, "key" | "bytes"> & { readonly checksum?: string | undefined },
  staging: string,
): Promise<void> {
  const path = join(staging, `${Bun.randomUUIDv7()}.copy`);
  try {
    await from.get(key, path);
    const { size } = Bun.file(path);
    if (size !== bytes)
      throw new OperatingError("corrupt", `${key} has ${size} bytes, expected ${bytes}`);
    if (checksum !== undefined && (await checksumOf(path)) !== checksum)
      throw new OperatingError("corrupt", `${key} is damaged: its checksum is not ${checksum}`);
    await to.put(key, path);
  } finally {
    await rm(path, { force: true });
  }
}

async function putText(to: ObjectStore, key: string, text: string, staging: string) {
  const path = join(staging, `${Bun.randomUUIDv7()}.json`);
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw storeError(`write ${key}`, cause);
  }
  await to.put(key, path);
}

async function readDump(from: ObjectStore, name: string, staging: string): Promise<Dump> {
  const path = join(staging, `${Bun.randomUUIDv7()}.json`);
  try {
    await from.get(`${dumpPrefix}${name}.json`, path);
    return Dump.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    if (cause instanceof OperatingError) throw cause;
    throw new OperatingError("corrupt", `backup ${name}: ${messageOf(cause)}`, { cause });
  } finally {
    await rm(path, { force: true });
  }
}

/** "2026-01-31T12-00-00.000Z": sorts by time, and is a file name everywhere. */
function nameOf(ms: number): string {
  return new Date(ms).toISOString().replaceAll(":", "-");
}
