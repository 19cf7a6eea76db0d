import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { shownConfig } from "#shared/runtime/config/shown_config.ts";
import { postgresMissing, requirePassword, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "./catalog.ts";
import { catalogUrl } from "../blocks/open_store.ts";

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

function refused(catalog: string, passwordFile = ""): string {
  try {
    return `gave ${catalogUrl({ catalog, catalog_password_file: passwordFile }, "/data")}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

test("a catalog's URL that can't be used is refused with its form, and its password is not shown", () => {
  for (const url of [
    "postgres://u:hunter2@db:99999/x",
    "postgres://u:hun#hunter2@db:5432/x",
    "postgres://u:hun/hunter2@db:5432/x",
    "postgres://u@[db:1/x?password=hunter2",
    "mysql://u:hunter2@db/x",
    "POSTGRES://u:hunter2@db/x",
  ]) {
    const message = refused(url);
    expect(message).toContain("invalid storage.catalog");
    expect(message).toContain("expected postgres://user@host:5432/database or sqlite://path");
    expect(message).not.toContain("hunter2");
  }
  writeFileSync(file, "p");
  expect(refused("postgres://db/x?user=u&password=hunter2", file)).toContain(
    "both give a password",
  );
  for (const url of ["sqlite:///var/x.db", "sqlite:x.db", "x.db", "postgresql://db/x?password=p"])
    expect(refused(url)).toBe(`gave ${url}`);
});

test.skipIf(postgresMissing !== undefined)(
  "PostgreSQL takes the password of the file, of the URL and of ?password= (needs PostgreSQL)",
  async () => {
    const server = await startPostgres();
    try {
      await requirePassword(server, "p@ss/w:rd%?#");
      writeFileSync(file, "p@ss/w:rd%?#\n");
      const inUser = new URL(server.url);
      inUser.password = encodeURIComponent("p@ss/w:rd%?#");
      const inParameter = new URL(server.url);
      inParameter.searchParams.set("password", "p@ss/w:rd%?#");
      for (const [catalog, passwordFile] of [
        [server.url, file],
        [inUser.href, ""],
        [inParameter.href, ""],
      ] as const) {
        const config = { catalog, catalog_password_file: passwordFile };
        const opened = await Catalog.open(catalogUrl(config, "/data"));
        expect(await opened.blocks()).toEqual([]);
        await opened.close();
      }
      inParameter.searchParams.set("password", "hunter2");
      const wrong = Catalog.open(inParameter.href).catch(messageOf);
      expect(await wrong).toContain("password authentication failed");
      expect(await wrong).not.toContain("hunter2");
    } finally {
      await server.stop();
    }
  },
);
