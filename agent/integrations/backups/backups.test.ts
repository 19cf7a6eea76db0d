import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { backups } from "./integration.ts";

const now = Date.UTC(2026, 10, 21, 12);
const hour = 3_600;
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "backups-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A file of so many bytes that was written so many seconds ago. */
function write(name: string, bytes: number, ageSeconds: number): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "x".repeat(bytes));
  utimesSync(path, now / 1_000 - ageSeconds, now / 1_000 - ageSeconds);
}

/** Values of the set "b", without their names' common parts. */
async function look(set: object, options: object = {}) {
  const given = { sets: [{ name: "b", ...set }], ...options };
  const instance = new InstanceUnderTest(backups, given);
  const { samples, degraded } = await instance.tick(now);
  await instance.close();
  const values = Object.fromEntries(
    [...samples].map(([key, value]) => [key.replace(/^backup_(.*)\{backup="b"\}$/, "$1"), value]),
  );
  return { values, degraded, samples };
}

test("backups: age, size, number and what is usual are those of files; all that is shown was collected", async () => {
  for (const [day, bytes] of [10, 1_000, 1_200, 900, 5_000].entries())
    write(`db/day-${day}.dump`, bytes, (day * 24 + 3) * hour);
  write("db/day-5.dump.tmp", 7, hour);
  write("db/.hidden", 7, hour);
  write("db/other.txt", 7, hour);
  write("db/deeper/day-9.dump", 7, hour);
  const { values, degraded, samples } = await look({
    paths: [`${folder}/db/day-*`],
    max_age: "25h",
  });
  expect(degraded).toEqual([]);
  expect(values).toEqual({
    last_timestamp_seconds: now / 1_000 - 3 * hour,
    last_size_bytes: 10,
    usual_size_bytes: 1_000,
    oldest_timestamp_seconds: now / 1_000 - 99 * hour,
    count: 5,
    total_size_bytes: 8_110,
    max_age_seconds: 25 * hour,
    min_size_bytes: 1,
    min_share_ratio: 0.5,
    read_error: 0,
  });
  expectAssets(import.meta.dir, samples.keys());
});

test("backups: a file that is being written does not count yet", async () => {
  write("a 1.gz", 100, 24 * hour);
  write("a 2.gz", 1, 30);
  const { values } = await look({ paths: [`${folder}/a *.gz`] });
  expect(values).toMatchObject({ last_size_bytes: 100, count: 1, total_size_bytes: 101 });
  const settled = await look({ paths: [`${folder}/a *.gz`], settle: "10s" });
  expect(settled.values).toMatchObject({ last_size_bytes: 1, usual_size_bytes: 100, count: 2 });
});

test("backups: a folder with all that is in it is one", async () => {
  write("2026-11-20/toc.dat", 10, 36 * hour);
  write("2026-11-20/data/1.dat.gz", 500, 35 * hour);
  write("2026-11-21/toc.dat", 20, 12 * hour);
  write("2026-11-21/data/1.dat.gz", 400, 11 * hour);
  write("2026-11-22", 999, hour);
  write("latest/toc.dat", 1, 0);
  const expected = {
    last_timestamp_seconds: now / 1_000 - 11 * hour,
    last_size_bytes: 420,
    usual_size_bytes: 510,
    count: 2,
  };
  const { values } = await look({ paths: [`${folder}/20*`], kind: "folders" });
  expect(values).toMatchObject(expected);
  const deep = await look({ paths: [`${folder}/**/20*`], kind: "folders" });
  expect(deep.values).toMatchObject(expected);
});

test("backups: repositories of Restic and Borg", async () => {
  write("restic/config", 1, 900 * hour);
  write("restic/snapshots/aa11", 200, 30 * hour);
  write("restic/snapshots/bb22", 200, 5 * hour);
  write("restic/data/cc/cc33", 90_000, 5 * hour);
  const restic = await look({ paths: [`${folder}/restic`], kind: "restic" });
  expect(restic.values).toMatchObject({ count: 2, last_timestamp_seconds: now / 1_000 - 5 * hour });
  expect(restic.values["last_size_bytes"]).toBeUndefined();
  write("borg/index.7", 1, 6 * hour);
  write("borg/hints.7", 1, 6 * hour);
  write("borg/data/0/7", 1, 6 * hour);
  const borg = await look({ paths: [`${folder}/borg`], kind: "borg" });
  expect(borg.values).toMatchObject({ count: 1, last_timestamp_seconds: now / 1_000 - 6 * hour });
});

test("backups: that there is none, and a folder that is not there, are told", async () => {
  const none = await look({ paths: [`${folder}/*.gz`] });
  expect([none.values["count"], none.values["read_error"], none.degraded]).toEqual([0, 0, []]);
  expect(none.values["last_timestamp_seconds"]).toBeUndefined();
  const gone = await look({ paths: [`${folder}/gone/*.gz`] });
  expect([gone.values["count"], gone.values["read_error"]]).toEqual([undefined, 1]);
  expect(gone.degraded).toEqual([expect.stringContaining("No such file or directory")]);
});

test("backups: a look that hangs holds nobody up, and there is never a second one beside it", async () => {
  write("a.gz", 1, hour);
  const script = `echo x >> ${folder}/runs; exec sleep 1000`;
  const options = {
    sets: [{ name: "b", paths: [`${folder}/*.gz`] }],
    scan_interval: "1s",
    command: ["/bin/sh", "-c", script],
  };
  const instance = new InstanceUnderTest(backups, options, 300);
  try {
    for (const atMs of [now, now + 15_000]) {
      const { samples, degraded } = await instance.tick(atMs);
      expect(samples.get('backup_read_error{backup="b"}')).toBe(1);
      expect(degraded).toEqual(["b: looking for files takes long"]);
    }
    expect(await Bun.file(join(folder, "runs")).text()).toBe("x\n");
  } finally {
    await instance.close();
  }
});

const refused = (sets: object[]) => !backups.config.safeParse({ sets }).success;

test("backups: sets without paths, with one name twice, or of an unknown kind are refused", () => {
  expect(refused([])).toBe(true);
  expect(refused([{ name: "a" }])).toBe(true);
  expect(refused([{ name: "a", paths: ["relative"] }])).toBe(true);
  expect(refused([{ name: "a", paths: ["/a"], kind: "tape" }])).toBe(true);
  expect(
    refused([
      { name: "a", paths: ["/a"] },
      { name: "a", paths: ["/b"] },
    ]),
  ).toBe(true);
  expect(refused([{ name: "a", paths: ["/a"] }])).toBe(false);
});
