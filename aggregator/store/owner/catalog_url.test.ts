import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shownConfig } from "#shared/runtime/shown_config.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../catalog.ts";
import { catalogUrl } from "../open_store.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-password-"));
const file = join(folder, "password");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the password of a catalog in PostgreSQL comes from a file, whatever characters it has", () => {
  writeFileSync(file, "p@ss/w:rd%?#\n");
  const config = { catalog: "postgres://lapwing@db:5432/lapwing", catalog_password_file: file };
  const url = new URL(catalogUrl(config, "/data"));
  expect(decodeURIComponent(url.password)).toBe("p@ss/w:rd%?#");
  expect([url.username, url.host, url.pathname]).toEqual(["lapwing", "db:5432", "/lapwing"]);
  expect(shownConfig(config)).not.toContain("p@ss");
  expect(() => catalogUrl({ ...config, catalog: "postgres://a:b@db/x" }, "/data")).toThrow(
    "both give a password",
  );
  expect(() => catalogUrl({ ...config, catalog: "sqlite://x.db" }, "/data")).toThrow(
    "expected storage.catalog to be postgres://",
  );
  expect(() => catalogUrl({ ...config, catalog_password_file: `${file}.none` }, "/data")).toThrow(
    "read storage.catalog_password_file",
  );
});

test.skipIf(postgresMissing !== undefined)("PostgreSQL takes it (needs PostgreSQL)", async () => {
  const server = await startPostgres();
  try {
    const url = new URL(server.url);
    writeFileSync(file, decodeURIComponent(url.password));
    url.password = "";
    const catalog = await Catalog.open(
      catalogUrl({ catalog: url.href, catalog_password_file: file }, "/data"),
    );
    expect(await catalog.blocks()).toEqual([]);
    await catalog.close();
  } finally {
    await server.stop();
  }
});
