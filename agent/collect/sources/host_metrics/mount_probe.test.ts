import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountProbe, parseStatfs } from "./mount_probe.ts";

const directory = mkdtempSync(join(tmpdir(), "mount_probe_"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A stand-in for `stat` on a dead server: it never answers. */
function hangingStat(): string {
  const path = join(directory, "stat");
  writeFileSync(path, "#!/bin/sh\nexec sleep 1000\n");
  chmodSync(path, 0o755);
  return path;
}

test("mountProbe() tells the sizes that statfs tells", async () => {
  const sizes = await mountProbe(60_000).sizes("/");
  const { bsize, blocks, files } = statfsSync("/");
  expect(sizes).toMatchObject({ blockBytes: bsize, blocks, nodes: files });
});

test("mountProbe() gives a hung mount up, counts it, and asks it no second time meanwhile", async () => {
  const probe = mountProbe(20, [hangingStat()]);
  const first = probe.sizes("/mnt/dead");
  expect(await probe.sizes("/mnt/dead")).toBeUndefined();
  expect(probe.timeouts()).toBe(0);
  expect(await first).toBeUndefined();
  expect(probe.timeouts()).toBe(1);
});

test("mountProbe() takes a mount that answers with an error, or no program at all, as no answer", async () => {
  expect(await mountProbe(60_000).sizes("/no/such/mount")).toBeUndefined();
  expect(await mountProbe(60_000, ["/no/such/program"]).sizes("/")).toBeUndefined();
});

test("parseStatfs() refuses what is not six numbers", () => {
  expect(parseStatfs("4096 5 4 3 2 1\n")).toEqual({
    blockBytes: 4_096,
    blocks: 5,
    free: 4,
    available: 3,
    nodes: 2,
    nodesFree: 1,
  });
  expect(parseStatfs("4096 5 4 3 2")).toBeUndefined();
  expect(parseStatfs("4096 5 4 3 2 x")).toBeUndefined();
});

test("mountProbe() leaves a hung mount alone for four asks, then tries again", async () => {
  const probe = mountProbe(20, [hangingStat()]);
  const timeouts: number[] = [];
  for (let ask = 0; ask < 5 || (probe.timeouts() < 2 && ask < 10_000); ask++) {
    expect(await probe.sizes("/mnt/dead")).toBeUndefined();
    timeouts.push(probe.timeouts());
    // The killed process is reaped in a later turn; until then an ask is answered at once.
    await Bun.sleep(0);
  }
  expect(timeouts.slice(0, 5)).toEqual([1, 1, 1, 1, 1]);
  expect(timeouts.at(-1)).toBe(2);
});
