import { expect, test } from "bun:test";
import { join } from "node:path";
import { completed, missingEntries, platformEntry } from "./lock.mjs";

const root = join(import.meta.dir, "..");
const manifest = await Bun.file(join(root, "package.json")).json();
const lock = await Bun.file(join(root, "package-lock.json")).json();

test("package-lock.json has every dependency, of all platforms; else: npm run lock", () => {
  expect(missingEntries(lock)).toEqual([]);
});

test("package-lock.json has the versions that package.json asks for", () => {
  const { dependencies, devDependencies, engines } = lock.packages[""];
  expect({ dependencies, devDependencies, engines }).toEqual({
    dependencies: manifest.dependencies,
    devDependencies: manifest.devDependencies,
    engines: manifest.engines,
  });
});

test("a missing binary gets the entry that npm writes, without a checksum", () => {
  const parent = { dev: true, optionalDependencies: { "@duckdb/x-linux-arm64-musl": "1.5.6-r.1" } };
  expect(platformEntry("@oxfmt/binding-linux-arm-gnueabihf", "0.78.0", parent)).toEqual({
    version: "0.78.0",
    cpu: ["arm"],
    dev: true,
    libc: ["glibc"],
    optional: true,
    os: ["linux"],
  });
  const of = (name: string) => {
    const { os, cpu, libc } = platformEntry(name, "1.5.6-r.1", parent);
    return [...os, ...cpu, ...(libc ?? [])];
  };
  expect(of("@duckdb/x-linux-arm64")).toEqual(["linux", "arm64", "glibc"]);
  expect(of("@duckdb/x-linux-arm64-musl")).toEqual(["linux", "arm64", "musl"]);
  expect(of("@oxlint/binding-android-arm-eabi")).toEqual(["android", "arm"]);
  expect(of("@oxlint-tsgolint/win32-x64")).toEqual(["win32", "x64"]);
  expect(() => platformEntry("left-pad", "1.0.0", parent)).toThrow("no binary of one platform");
});

test("what the names of binaries say is what their entries in the lock say", () => {
  const entries = Object.entries<{
    version: string;
    os?: string[];
    cpu?: string[];
    libc?: string[];
  }>(lock.packages);
  const binaries = entries.filter(([place]) =>
    /\/@(?:oxc-parser|oxfmt|oxlint|duckdb)\//.test(place),
  );
  for (const [place, { version, os, cpu, libc }] of binaries) {
    if (os === undefined) continue;
    const name = place.slice("node_modules/".length);
    const parent = lock.packages[place.replace(/-(?:linux|darwin|win32).*$/, "")] ?? {};
    const made = platformEntry(name, version, parent);
    const found = { name, os: made.os, cpu: made.cpu, libc: made.libc };
    const wanted: unknown = { name, os, cpu, libc };
    expect(found as unknown).toEqual(wanted);
  }
});

test("completed() adds binaries, and refuses a lock without something that is needed", () => {
  const parent = { version: "1.0.0", optionalDependencies: { "a-darwin-x64": "1.0.0" } };
  const small = { packages: { "": { dependencies: { a: "1.0.0" } }, "node_modules/a": parent } };
  const full = completed(small);
  expect(Object.keys(full.packages)).toEqual(["", "node_modules/a", "node_modules/a-darwin-x64"]);
  expect(missingEntries(full)).toEqual([]);
  const broken = { packages: { "": { dependencies: { a: "1.0.0" } } } };
  expect(() => completed(broken)).toThrow("package.json needs a@1.0.0: not in the lock");
});
