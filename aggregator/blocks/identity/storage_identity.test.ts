import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SQL } from "bun";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PostgresServer, postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { removeS3, s3Missing, startS3, type S3Server } from "#test/support/s3.ts";
import { backup, restore } from "../../tools/backup.ts";
import type { BlockStore } from "../block_store.ts";
import { StoreConfig } from "../config.ts";
import { fileObjectStore } from "../../objects/object_store_file.ts";
import { openObjects } from "../open_store.ts";
import { rebuildCatalog } from "../../tools/rebuild_catalog.ts";
import { type StorageTools, withStorage } from "../../tools/storage_tools.ts";
import { cutOf, gauge, openTestStore, sampleTexts } from "../../read/store.fixture.ts";
import type { Store } from "../../read/store.ts";
import { adoptStorage, planAdoption } from "../../tools/adopt_storage.ts";
import { removeMarks } from "./owner_marks.ts";
import { setStorageOwner } from "./storage_identity.ts";

const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6, matchers: [] };
const root = mkdtempSync(join(tmpdir(), "lapwing-identity-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Files come and go by what is tested alone. */
const keptForEver = {
  retention: { metrics: "36500d" },
  tiers: { enabled: false },
  compaction: { enabled: false, interval: "1d" },
};

const fill = async (store: Store, from: number, count: number) => {
  for (let k = from; k < from + count; k++)
    await store.commit(cutOf({ metrics: [gauge("n", [k], [k])] }, k), () => {});
};
const samples = async (store: Store) => sampleTexts(await store.view().metrics.select(everything));
const stoppedOf = (store: BlockStore) => store.maintenanceState.deletionStopped;

/** A catalog in a data directory of its own, and the storage that several of them can name. */
type Place = {
  readonly config: () => { dataDir: string; config: Record<string, unknown> };
  readonly keys: () => Promise<string[]>;
};

const kinds: Record<string, string | undefined> = {
  "file and SQLite": undefined,
  "s3 and SQLite": s3Missing,
  "file and PostgreSQL": postgresMissing,
  "s3 and PostgreSQL": s3Missing ?? postgresMissing,
};
/** Databases of one kind, each for one catalog. */
const databasesMax = 16;

async function createDatabases({ url }: PostgresServer): Promise<void> {
  await using admin = new SQL({ url, max: 1 });
  for (let i = 0; i < databasesMax; i++) await admin.unsafe(`CREATE DATABASE catalog${i}`);
}

for (const [name, missing] of Object.entries(kinds)) {
  const title = missing === undefined ? name : `${name} (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(title, () => {
    let s3: S3Server | undefined;
    let postgres: PostgresServer | undefined;
    let places = 0;
    let catalogs = 0;
    beforeAll(async () => {
      if (name.startsWith("s3")) s3 = await startS3();
      if (!name.endsWith("PostgreSQL")) return;
      postgres = await startPostgres(() => ({ fsync: "off" }));
      await createDatabases(postgres);
    }, 60_000);
    afterAll(async () => {
      if (s3 !== undefined) await removeS3(s3);
      await postgres?.stop();
    });

    function newCatalog(access: Record<string, unknown>) {
      const number = catalogs++;
      const dataDir = join(root, `${name} catalog ${number}`);
      if (postgres === undefined) return { dataDir, config: access };
      expect(number).toBeLessThan(databasesMax);
      const url = postgres.url.replace(/postgres$/, `catalog${number}`);
      return { dataDir, config: { ...access, catalog: url } };
    }

    function newPlace(): Place {
      const number = places++;
      const access =
        s3 === undefined
          ? { url: join(root, `${name} ${number}`) }
          : {
              url: `s3://${s3.bucket}/${number}`,
              s3: {
                endpoint: s3.endpoint,
                access_key_id: s3.accessKeyId,
                secret_access_key: s3.secretAccessKey,
              },
            };
      return {
        config: () => newCatalog(access),
        async keys() {
          const objects = openObjects(StoreConfig.parse(access), root);
          const listed = await Array.fromAsync(objects.list());
          return listed.map(({ key }) => key).filter((key) => key.endsWith(".parquet"));
        },
      };
    }

    type Catalog = ReturnType<Place["config"]>;
    const open = ({ dataDir, config }: Catalog, more: Record<string, unknown> = {}) =>
      openTestStore(
        dataDir,
        { sweep_after: "0s", delete_after: "0s", ...keptForEver, ...config, ...more },
        // After the time of the files, so that the sweep may take them.
        { now: () => Date.now() + 1_000 },
      );
    const refusal = (catalog: Catalog) =>
      open(catalog).then(
        () => "opened",
        (error: unknown) => error,
      );
    const within = <Result>(
      { dataDir, config }: Catalog,
      action: (tools: StorageTools) => Promise<Result>,
    ) => withStorage(StoreConfig.parse(config), dataDir, "write", action);
    test("an empty catalog over a storage with blocks is refused, and nothing is deleted; rebuild makes one that matches", async () => {
      const place = newPlace();
      const first = place.config();
      const store = await open(first);
      await fill(store, 1, 3);
      await store.close();
      const before = await place.keys();
      expect(before).toHaveLength(3);

      const lost = place.config();
      const refused = await refusal(lost);
      expect(refused).toMatchObject({ code: "conflict" });
      expect(String(refused)).toContain("lapwing storage rebuild");
      expect(String(refused)).toContain("lapwing storage adopt");
      expect(await place.keys()).toEqual(before);

      await within(lost, rebuildCatalog);
      const again = await open(lost);
      expect(await samples(again)).toEqual(["n 1=1 2=2 3=3"]);
      await again.maintain();
      await fill(again, 4, 1);
      await again.close();
      expect(await place.keys()).toHaveLength(4);
      // The first catalog names the same storage, and does not know what was written since.
      const copy = await open(first);
      await copy.maintain();
      expect(await samples(copy)).toEqual(["n 1=1 2=2 3=3"]);
      await copy.close();
      expect(await place.keys()).toHaveLength(4);
    }, 60_000);

    test("a catalog with blocks of its own is refused by another's storage; adopted, it deletes nothing that it does not know", async () => {
      const [place, elsewhere] = [newPlace(), newPlace()];
      const owner = place.config();
      const store = await open(owner);
      await fill(store, 1, 2);
      await store.close();
      const other = elsewhere.config();
      const own = await open(other);
      await fill(own, 1, 1);
      await own.close();
      const wrong = { ...other, config: { ...other.config, url: owner.config["url"] } };
      expect(String(await refusal(wrong))).toContain("belongs to the catalog");
      const plan = await within(wrong, planAdoption);
      expect(plan).toMatchObject({ blocks: 1, blocksThere: 0, unknown: 2 });

      await within(wrong, (tools) => adoptStorage(tools, plan));
      const adopted = await open(wrong);
      await fill(adopted, 2, 1);
      await adopted.maintain();
      await adopted.close();
      expect(await place.keys()).toHaveLength(3);
      expect(String(await refusal(owner))).toContain("belongs to the catalog");
    }, 60_000);

    test("a process whose storage was adopted by another catalog, or is not mounted any more, deletes nothing", async () => {
      const place = newPlace();
      const owner = place.config();
      const store = await open(owner, { retention: { metrics: "1d" } });
      await fill(store, 1, 2);
      const other = newPlace().config();
      await (await open(other)).close();
      const adopting = { ...other, config: { ...other.config, url: owner.config["url"] } };
      await within(adopting, async (tools) => {
        const plan = await planAdoption(tools);
        expect(plan).toMatchObject({ blocks: 0, unknown: 2, processes: [{ pid: process.pid }] });
        expect(String(await adoptStorage(tools, plan).catch((error: unknown) => error))).toContain(
          "in use by a running Lapwing",
        );
        // As on another machine, where it can't be seen that the process lives.
        await setStorageOwner(tools, plan.catalog);
        await removeMarks(tools);
      });
      await store.maintain();
      expect(stoppedOf(store)).toContain("by `lapwing storage adopt` or a restore");
      expect(await place.keys()).toHaveLength(2);
      // It shows itself to the one that has adopted the storage.
      const adopted = await refusal(adopting);
      expect(String(adopted)).toContain(`pid ${process.pid} on`);
      await within(adopting, async ({ objects }) => objects.delete("lapwing/storage.json"));
      await store.maintain();
      expect(stoppedOf(store)).toContain("check that it is mounted");
      expect(await place.keys()).toHaveLength(2);
      await store.close();
    }, 60_000);

    test("a restore that ends before the catalog is filled can be run again", async () => {
      const [place, elsewhere] = [newPlace(), newPlace()];
      const target = fileObjectStore(join(root, `backup again ${name}`));
      const first = place.config();
      const store = await open(first);
      await fill(store, 1, 2);
      await store.close();
      await within(first, (tools) => backup(tools, target));
      const into = elsewhere.config();
      await (await open(into)).close();
      const cut = within(into, (tools) => {
        const objects = { ...tools.objects, put: failingAt("lapwing/storage.json", tools) };
        return restore({ ...tools, objects }, target);
      });
      expect(String(await cut.catch((error: unknown) => error))).toContain("killed");
      await within(into, (tools) => restore(tools, target));
      const restored = await open(into);
      expect(await samples(restored)).toEqual(["n 1=1 2=2"]);
      await restored.close();
    }, 60_000);

    test("a backup goes back into its own storage and into an empty one, and not into another's", async () => {
      const [place, elsewhere, foreign] = [newPlace(), newPlace(), newPlace()];
      const target = fileObjectStore(join(root, `backup ${name}`));
      const first = place.config();
      const store = await open(first);
      await fill(store, 1, 2);
      await withStorage(StoreConfig.parse(first.config), first.dataDir, "read", (tools) =>
        backup(tools, target),
      );
      await fill(store, 3, 2);
      await store.close();
      const others = await open(foreign.config());
      await fill(others, 1, 1);
      await others.close();

      const bring = async (to: Place) => {
        const catalog = to.config();
        await within(catalog, (tools) => restore(tools, target));
        const restored = await open(catalog);
        await restored.maintain();
        expect(await samples(restored)).toEqual(["n 1=1 2=2"]);
        await restored.close();
      };
      await bring(place);
      // What came after the backup is in no row, and stays.
      expect(await place.keys()).toHaveLength(4);
      await bring(elsewhere);
      expect(await bring(foreign).catch((error: unknown) => error)).toMatchObject({
        code: "conflict",
      });
      expect(await foreign.keys()).toHaveLength(1);
    }, 60_000);
  });
}

const local = (dataDir: string, more: Record<string, unknown> = {}) =>
  openTestStore(dataDir, { sweep_after: "0s", delete_after: "0s", ...more });

/** Puts objects but for one key. */
function failingAt(
  wrong: string,
  { objects }: Pick<StorageTools, "objects">,
): StorageTools["objects"]["put"] {
  return (key, file) =>
    key === wrong ? Promise.reject(new Error("killed")) : objects.put(key, file);
}

async function filled(name: string): Promise<string> {
  const dataDir = join(root, name);
  const store = await local(dataDir);
  for (let k = 1; k <= 3; k++)
    await store.commit(cutOf({ metrics: [gauge("n", [k], [k])] }, k), () => {});
  await store.close();
  return dataDir;
}

test("an install from before storages had an owner takes its storage over, and only its own", async () => {
  const dataDir = await filled("old");
  rmSync(join(dataDir, "blocks", "lapwing"), { recursive: true });
  await (await local(dataDir)).close();
  const owned = readdirSync(join(dataDir, "blocks", "lapwing"));
  expect(owned).toContain("storage.json");

  // The same catalog, whose folder of blocks is not mounted.
  const empty = { url: join(root, "not mounted") };
  const refused = await local(dataDir, empty).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "conflict" });
  expect(String(refused)).toContain("holds 0 of them");
});

test("a copy of the catalog on the same storage stops deletion in both, and what starts after the first has started again is refused", async () => {
  const dataDir = await filled("copied");
  const shared = { url: join(dataDir, "blocks") };
  const production = await local(dataDir, shared);
  const copyDir = join(root, "copy");
  cpSync(join(dataDir, "catalog.db"), join(copyDir, "catalog.db"));
  cpSync(join(dataDir, "catalog.db-wal"), join(copyDir, "catalog.db-wal"));
  const copy = await local(copyDir, shared);
  await production.maintain();
  expect(stoppedOf(production)).toContain("with a copy of this catalog");
  await copy.maintain();
  expect(stoppedOf(copy)).toContain("with a copy of this catalog");
  // After a stop of the copy the first goes on; the catalog that was copied knows nothing of its next start.
  await copy.close();
  await production.maintain();
  expect(stoppedOf(production)).toBe("");
  await production.close();
  const again = await local(dataDir, shared);
  const late = await local(copyDir, shared).catch((error: unknown) => error);
  expect(String(late)).toContain("is in use by a copy of this catalog");
  await again.close();
});

test("a catalog that is 0 bytes is refused like one that is gone", async () => {
  const dataDir = await filled("emptied");
  for (const end of ["-wal", "-shm"]) rmSync(join(dataDir, `catalog.db${end}`), { force: true });
  await Bun.write(join(dataDir, "catalog.db"), "");
  expect(await local(dataDir).catch((error: unknown) => error)).toMatchObject({ code: "conflict" });
  const catalog = new Database(join(dataDir, "catalog.db"));
  expect(catalog.query("SELECT count(*) AS n FROM blocks").get()).toEqual({ n: 0 });
  catalog.close();
});
