import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { removeS3, s3Missing, startS3, type S3Server } from "#test/support/s3.ts";
import { StoreConfig } from "../blocks/config.ts";
import type { ObjectStore } from "./object_store.ts";
import { fileObjectStore } from "./object_store_file.ts";
import { parseS3Url, s3ObjectStore } from "./object_store_s3.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-objects-"));
let server: S3Server | undefined;

beforeAll(async () => {
  if (s3Missing === undefined) server = await startS3();
});
afterAll(async () => {
  if (server !== undefined) await removeS3(server);
  rmSync(folder, { recursive: true, force: true });
});

function s3(accessKeyId = "S3RVER"): ObjectStore {
  return s3ObjectStore(
    `s3://${server?.bucket}/a/prefix`,
    StoreConfig.parse({
      s3: { endpoint: server?.endpoint, access_key_id: accessKeyId, secret_access_key: "S3RVER" },
    }).s3,
  );
}

async function put(store: ObjectStore, key: string, bytes: Uint8Array) {
  const path = join(folder, "upload");
  writeFileSync(path, bytes);
  await store.put(key, path);
}

async function keysOf(store: ObjectStore) {
  return (await Array.fromAsync(store.list())).map(({ key }) => key).toSorted();
}

const stores: Record<string, { missing: string | undefined; open: () => ObjectStore }> = {
  file: { missing: undefined, open: () => fileObjectStore(join(folder, "objects")) },
  s3: { missing: s3Missing, open: () => s3() },
};

for (const [name, { missing, open }] of Object.entries(stores)) {
  const title = missing === undefined ? name : `${name} (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(title, () => {
    test("put(), list(), get() and delete() agree", async () => {
      expect(await keysOf(open())).toEqual([]);
      const bytes = crypto.getRandomValues(new Uint8Array(50_000));
      await put(open(), "tenant=t~20/x/one.parquet", bytes);
      await put(open(), "tenant=t/two.parquet", new Uint8Array(0));
      expect(await keysOf(open())).toEqual(["tenant=t/two.parquet", "tenant=t~20/x/one.parquet"]);
      const [first] = await Array.fromAsync(open().list());
      expect(Math.abs((first?.modifiedMs ?? 0) - Date.now())).toBeLessThan(60_000);
      const copy = join(folder, "copy");
      await open().get("tenant=t~20/x/one.parquet", copy);
      expect(new Uint8Array(readFileSync(copy))).toEqual(bytes);
      await open().delete("tenant=t/two.parquet");
      await open().delete("tenant=t/two.parquet");
      expect(await keysOf(open())).toEqual(["tenant=t~20/x/one.parquet"]);
    });

    test("create() stores only what is not there; move() gives another key, and list() can be of a prefix", async () => {
      const store = open();
      const path = join(folder, "created");
      const createOf = (text: string) => {
        writeFileSync(path, text);
        return store.create("made/one", path);
      };
      expect(await createOf("first")).toBe(true);
      expect(await createOf("second")).toBe(false);
      await put(store, "other", new Uint8Array(3));
      await store.move("made/one", "made/there/two");
      expect(await keysOf(store)).toContain("made/there/two");
      const listed = await Array.fromAsync(store.list("made/"));
      expect(listed.map(({ key }) => key)).toEqual(["made/there/two"]);
      const copy = join(folder, "copied");
      await store.get("made/there/two", copy);
      expect(readFileSync(copy, "utf8")).toBe("first");
      const gone = await store.move("made/one", "x").catch((error: unknown) => error);
      expect(gone).toMatchObject({ code: "not_found" });
      for (const { key } of listed) await store.delete(key);
      await store.delete("other");
    });

    test("get() of nothing is not_found, and leaves no file", async () => {
      const copy = join(folder, "nothing");
      const failed = await open()
        .get("none", copy)
        .catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: "not_found" });
      expect(readdirSync(folder)).not.toContain("nothing");
    });
  });
}

test.skipIf(s3Missing !== undefined)(
  "put() to a bucket that refuses or is away is unavailable",
  async () => {
    const path = join(folder, "refused");
    writeFileSync(path, "x");
    expect(
      await s3("nobody")
        .put("k", path)
        .catch((error: unknown) => error),
    ).toMatchObject({ code: "unavailable" });
    await server?.stop();
    expect(
      await s3()
        .put("k", path)
        .catch((error: unknown) => error),
    ).toMatchObject({ code: "unavailable" });
    await server?.start();
    await s3().put("k", path);
  },
);

test("a folder that the group may read says so for files and folders, whatever the umask", async () => {
  const root = join(folder, "shared");
  const before = process.umask(0o077);
  try {
    await put(fileObjectStore(root, true), "tenant=t/day/one.parquet", new Uint8Array(3));
  } finally {
    process.umask(before);
  }
  const modes = ["", "tenant=t", "tenant=t/day", "tenant=t/day/one.parquet"].map(
    (name) => statSync(join(root, name)).mode & 0o777,
  );
  expect(modes).toEqual([0o750, 0o750, 0o750, 0o640]);
});

test("parseS3Url() takes a bucket and a prefix", () => {
  expect(parseS3Url("s3://b")).toEqual({ bucket: "b", prefix: "" });
  expect(parseS3Url("s3://b/x//y/")).toEqual({ bucket: "b", prefix: "x/y/" });
  expect(() => parseS3Url("s3://")).toThrow("expected s3://bucket/prefix");
});

test("an S3 server that is away is named as such, not as an unexpected error", async () => {
  const access = { access_key_id: "a", secret_access_key: "s", virtual_hosted_style: false };
  const away = s3ObjectStore("s3://bucket/blocks", { ...access, endpoint: "http://127.0.0.1:1" });
  expect(await away.get("a.parquet", "/nowhere").catch(messageOf)).toBe(
    "get a.parquet: the S3 server refused the connection (ConnectionRefused): " +
      "check storage.s3.endpoint, and that the server runs",
  );
});

test("an S3 server that refuses a request without saying why, as for a clock that is off, is not named as away", async () => {
  const refuser = Bun.serve({ port: 0, fetch: () => new Response(null, { status: 403 }) });
  const access = { access_key_id: "a", secret_access_key: "s", virtual_hosted_style: false };
  const endpoint = `http://127.0.0.1:${refuser.port}`;
  const refusing = s3ObjectStore("s3://bucket/blocks", { ...access, endpoint });
  expect(await refusing.get("a.parquet", "/nowhere").catch(messageOf)).toBe(
    "get a.parquet: the S3 server failed or refused the request: check storage.s3 " +
      "(endpoint and keys), that the server runs, and this machine's clock",
  );
  await refuser.stop(true);
});
