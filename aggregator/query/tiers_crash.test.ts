import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashMoments, crashSeed } from "#test/support/crash_moments.ts";
import { dayMs, points, TierWorld } from "./tiers.fixture.ts";

/** In years to come, so that files that are left behind are old. */
const firstDay = 25_000;
const rounds = 6;

test(`tiers of a store killed at any moment, ${rounds} times, hold every sample once (CRASH_SEED=${crashSeed})`, async () => {
  const momentMs = crashMoments();
  const folder = mkdtempSync(join(tmpdir(), "lapwing-tiers-crash-"));
  const program = join(import.meta.dir, "tiers_crash.fixture.ts");
  let before = 0;
  for (let round = 0; round < rounds; round++) {
    const child = Bun.spawn([process.execPath, program, folder, String(firstDay)], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const reader = child.stdout.getReader();
    await reader.read();
    await Bun.sleep(momentMs(600));
    child.kill("SIGKILL");
    await child.exited;
    const world = new TierWorld(0, { retention: { metrics: "100y" } }, folder);
    await world.open();
    const last = (await world.store.recover()).lanes[0]?.position.sequence ?? 0;
    expect(last).toBeGreaterThan(before);
    before = last;
    await expectWhole(world, last);
    // And the same once all that is due is done.
    await world.age((firstDay + last + 10) * dayMs);
    await expectWhole(world, last);
    expect(world.widths()).toContain(300_000);
    expect(parquetFiles(join(folder, "blocks"))).toEqual(
      world.store
        .view()
        .blocks.map(({ key }) => key)
        .toSorted(),
    );
    await world.close();
  }
  rmSync(folder, { recursive: true, force: true });
}, 90_000);

async function expectWhole(world: TierWorld, last: number): Promise<void> {
  const startMs = (firstDay + 2) * dayMs;
  const endMs = (firstDay + last + 1) * dayMs;
  const { data } = await world.range("count_over_time(n[1d])", startMs, endMs, dayMs);
  const expected = Array.from({ length: last }, (_, i) => {
    const day = i + 1;
    // What is late of day k came with day k + 2, which is a multiple of three.
    return 20 + ((day + 2) % 3 === 0 && day + 2 <= last ? 1 : 0);
  });
  expect([...points(data).values()]).toEqual(expected);
}

const parquetFiles = (folder: string) =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".parquet"))
    .toSorted((a, b) => (a < b ? -1 : 1));
