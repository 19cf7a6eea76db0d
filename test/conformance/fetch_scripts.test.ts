import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchScripts } from "./fetch_scripts.ts";
import { pinnedFiles } from "./promql_pins.ts";

const texts: Readonly<Record<string, string>> = {
  "/LICENSE": "Apache-2.0\n",
  "/testdata/up.test": "load 1m\n  up 1\n",
};
const files = Object.entries(texts).map(([path, text]) => ({
  path: path.slice(1),
  sha256: createHash("sha256").update(text).digest("hex"),
}));

let home: Bun.Server<undefined>;
let folder: string;
let target: string;

beforeEach(() => {
  home = Bun.serve({
    port: 0,
    fetch: ({ url }) => {
      const text = texts[new URL(url).pathname];
      return text === undefined ? new Response("", { status: 404 }) : new Response(text);
    },
  });
  folder = mkdtempSync(join(tmpdir(), "lapwing-fetch-"));
  target = join(folder, "scripts");
});
afterEach(async () => {
  await home.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

const address = () => home.url.href.replace(/\/$/, "");

test("fetchScripts() fills the folder, and replaces one from before", async () => {
  await Bun.write(join(target, "old.test"), "");
  await fetchScripts(address(), target, files);
  expect(readdirSync(target).toSorted()).toEqual(["LICENSE", "up.test"]);
  expect(await Bun.file(join(target, "up.test")).text()).toBe("load 1m\n  up 1\n");
});

test("fetchScripts() refuses a file whose checksum differs and leaves nothing behind", async () => {
  const changed = files.map((file) => ({ ...file, sha256: "0".repeat(64) }));
  const fetched = fetchScripts(address(), target, changed);
  expect(fetched).rejects.toThrow(/has SHA-256 [0-9a-f]{64}, expected 0{64}/);
  await fetched.catch(() => {});
  expect(existsSync(target)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test("fetchScripts() names the address that fails and keeps the scripts from before", async () => {
  await Bun.write(join(target, "old.test"), "");
  const missing = [...files, { path: "testdata/gone.test", sha256: "" }];
  const fetched = fetchScripts(address(), target, missing);
  expect(fetched).rejects.toThrow(`cannot download ${address()}/testdata/gone.test`);
  await fetched.catch(() => {});
  expect(readdirSync(folder)).toEqual(["scripts"]);
  expect(readdirSync(target)).toEqual(["old.test"]);
});

test("pinned files have names of their own, since they share a folder", () => {
  const names = pinnedFiles.map(({ path }) => path.split("/").at(-1));
  expect(new Set(names).size).toBe(names.length);
});
