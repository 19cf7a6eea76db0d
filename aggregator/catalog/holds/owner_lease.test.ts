import { SQL } from "bun";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { thisProcess } from "#shared/runtime/process/process_identity.ts";
import { until } from "#test/support/asking.ts";
import { type PostgresServer, postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../catalog.ts";
import { StoreConfig } from "../../blocks/config.ts";
import { cutOf, gauge, openTestStore } from "../../read/store.fixture.ts";
import { OwnerLease } from "./owner_lease.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-owner-"));
let postgres: PostgresServer | undefined;
const leases: OwnerLease[] = [];

beforeAll(async () => {
  if (postgresMissing === undefined) postgres = await startPostgres();
}, 30_000);
afterAll(async () => {
  for (const lease of leases) await lease.release();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A process of another machine, as far as others can see. */
async function leaseOf(url: string, host: string, times = { leaseMs: 60_000, renewMs: 50 }) {
  const lost: string[] = [];
  const self = { ...thisProcess(folder, 0), host, machine: host };
  const parts = { self, ...times, clock: systemClock, log: createLogger("error") };
  const lease = await OwnerLease.acquire(url, { ...parts, onLost: (why) => lost.push(why) });
  leases.push(lease);
  return { lease, lost };
}

const nothing = {
  added: [],
  removed: [],
  lanes: [],
  carrier: {},
  families: new Map(),
  deleteAfterMs: 0,
};
const message = (promise: Promise<unknown>) => promise.then(() => "done", messageOf);

const kinds = [
  { name: "SQLite", url: () => `sqlite://${join(folder, "catalog.db")}`, why: undefined },
  { name: "PostgreSQL", url: () => postgres?.url ?? "", why: postgresMissing },
];

for (const { name, url, why } of kinds)
  describe.skipIf(why !== undefined)(`${name} ${why ?? ""}`, () => {
    test("each owner has a higher epoch, and one that released the catalog is followed at once", async () => {
      const first = await leaseOf(url(), "db1");
      await first.lease.release();
      const second = await leaseOf(url(), "db2");
      expect(second.lease.epoch).toBe(first.lease.epoch + 1);
      expect(first.lost).toEqual([]);
      await second.lease.release();
    });

    test("a process that was followed changes nothing, and is notified once", async () => {
      const catalog = await Catalog.open(url());
      const { lease, lost } = await leaseOf(url(), "db1", { leaseMs: 60_000, renewMs: 30_000 });
      catalog.fenceBy(lease.fence);
      const carrier = { p: { incarnation: "i", sequence: 1 } };
      await catalog.apply({ ...nothing, carrier });
      await followByHand(url());
      const late = { ...nothing, carrier: { p: { incarnation: "i", sequence: 2 } } };
      expect(await message(catalog.apply(late))).toMatch(/no longer owns the catalog \(epoch \d+/);
      expect(await message(catalog.apply(late))).toContain("no longer owns the catalog");
      expect(await catalog.carrier()).toEqual(carrier);
      expect(lost).toHaveLength(1);
      await lease.release();
      await catalog.close();
    });

    test("a process that was followed notices although it has nothing to commit", async () => {
      const { lost } = await leaseOf(url(), "db1");
      await followByHand(url());
      await until("the loss", () => lost.length === 1);
    });

    test("a block that is gone is not replaced, and a position does not move back", async () => {
      const catalog = await Catalog.open(url());
      const [lane] = cutOf({}, 5).lanes;
      if (lane === undefined) throw new Error("the fixture has a lane");
      await catalog.apply({ ...nothing, lanes: [lane] });
      const back = { ...lane, position: { epoch: 3, sequence: 4 } };
      expect(await message(catalog.apply({ ...nothing, lanes: [back] }))).toContain(
        "go back to 3:4",
      );
      const gone = {
        ...cutBlock,
        id: Bun.randomUUIDv7(),
      };
      expect(await message(catalog.apply({ ...nothing, removed: [gone] }))).toContain(
        "is not there to be replaced",
      );
      expect((await catalog.lanes())[0]?.position).toEqual({ epoch: 3, sequence: 5 });
      await catalog.close();
    });
  });

const cutBlock = {
  tenant: "t",
  signal: "logs" as const,
  key: "k",
  items: 1,
  rows: 1,
  bytes: 1,
  minMs: 0,
  maxMs: 0,
  createdMs: 0,
};

test.skipIf(postgresMissing !== undefined)(
  "an owner elsewhere that renews is named, and one that does not is followed when its lease has ended",
  async () => {
    const url = postgres?.url ?? "";
    const alive = await leaseOf(url, "db1", { leaseMs: 60_000, renewMs: 50 });
    expect(await message(leaseOf(url, "db2"))).toMatch(
      /^the catalog is held by a running Lapwing \(pid \d+ on db1, since 1970-01-01T00:00:00.000Z, .*data_dir/,
    );
    await alive.lease.release();
    const dead = await leaseOf(url, "db1", { leaseMs: 700, renewMs: 30_000 });
    const startedMs = performance.now();
    const next = await leaseOf(url, "db2");
    expect(next.lease.epoch).toBe(dead.lease.epoch + 1);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    await next.lease.release();
  },
);

test.skipIf(postgresMissing !== undefined)(
  "of two processes that wait for the same lease one gets it, and the other is refused",
  async () => {
    const url = postgres?.url ?? "";
    // A renewal that takes a second on a busy machine must not end the lease.
    const times = { leaseMs: 4_000, renewMs: 1_000 };
    const dead = await leaseOf(url, "db1", { leaseMs: 4_000, renewMs: 30_000 });
    const tries = await Promise.allSettled(["db2", "db3"].map((host) => leaseOf(url, host, times)));
    const won = tries.filter((one) => one.status === "fulfilled").map(({ value }) => value);
    expect(won.map(({ lease }) => lease.epoch)).toEqual([dead.lease.epoch + 1]);
    for (const { lease, lost } of won) {
      expect(lost).toEqual([]);
      await lease.release();
    }
  },
  60_000,
);

test("a second store on a data directory is refused, whatever its catalog", async () => {
  const data = join(folder, "data");
  const store = await openTestStore(data, {});
  const held = /data directory .* is held by a running Lapwing \(pid \d+ on .*storage\.catalog/;
  expect(await message(openTestStore(data, {}))).toMatch(held);
  const other = { catalog: `sqlite://${join(folder, "other.db")}` };
  expect(await message(openTestStore(data, other))).toMatch(held);
  const elsewhere = { catalog: `sqlite://${join(data, "catalog.db")}` };
  expect(await message(openTestStore(join(folder, "elsewhere"), elsewhere))).toMatch(
    /^the catalog is held by a running Lapwing \(pid \d+ on /,
  );
  await store.close();
  await (await openTestStore(data, {})).close();
});

test("a store whose catalog others have written to commits nothing more", async () => {
  const data = join(folder, "fenced");
  const lost: string[] = [];
  const store = await openTestStore(data, {}, { onLost: (why) => lost.push(why) });
  await store.commit(cutOf({ metrics: [gauge("n", [1], [1])] }, 1), () => {});
  await followByHand(`sqlite://${join(data, "catalog.db")}`);
  let published = 0;
  const commit = () =>
    message(store.commit(cutOf({ metrics: [gauge("n", [2], [2])] }, 2), () => (published += 1)));
  expect(await commit()).toContain("commits nothing more and stops");
  expect(await commit()).toContain("commits nothing more and stops");
  expect(published).toBe(0);
  expect(lost).toHaveLength(1);
  await store.close();
});

test("a lease must be long enough for a renewal to fail", () => {
  const short = { owner: { lease: "5s", renew_interval: "3s" } };
  expect(() => StoreConfig.parse(short)).toThrow("three times renew_interval");
});

/** What a process on another machine does when it takes the catalog over. */
async function followByHand(url: string): Promise<void> {
  const path = url.replace("sqlite://", "");
  const sql = url.startsWith("sqlite")
    ? new SQL({ adapter: "sqlite", filename: path })
    : new SQL({ url, max: 1 });
  await sql`UPDATE owner_lease SET epoch = epoch + 1, owner = NULL, lease_until_ms = 0`;
  await sql.close();
}
