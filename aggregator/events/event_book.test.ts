import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "#shared/runtime/log.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../catalog/catalog.ts";
import type { Happening } from "./event.ts";
import { EventBook } from "./event_book.ts";
import { EventWatch } from "./event_watch.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

const tenant = "default";
const nowMs = 40 * 86_400_000;
const clock = { ...systemClock, now: () => nowMs };

async function opened(url?: string, isClockTrusted: () => boolean = () => true) {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-events-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const catalog = await Catalog.open(url ?? `sqlite://${join(folder, "catalog.db")}`);
  cleanups.push(() => catalog.close());
  return { catalog, book: new EventBook({ catalog, clock, isClockTrusted, log: silentLogger }) };
}

function event(atMs: number, more: Partial<Happening> = {}): Happening {
  const of = { agent: "a", agentName: "host-a", details: { from: "1" } };
  return { tenant, atMs, kind: "agent_back", level: "info", text: `at ${atMs}`, ...of, ...more };
}

const all = { tenant, startMs: 0, endMs: nowMs, agent: "", kinds: [], limit: 10 };

const engines = [
  { engine: "SQLite", url: async () => undefined, missing: undefined },
  {
    engine: "PostgreSQL",
    url: async () => {
      const server = await startPostgres();
      cleanups.push(() => server.stop());
      return server.url;
    },
    missing: postgresMissing,
  },
];

for (const { engine, url, missing } of engines)
  test.skipIf(missing !== undefined)(
    `EventBook keeps what it is told of 30 days, and finds it by time, agent and kind, in ${engine}`,
    async () => {
      const { book } = await opened(await url());
      // The first is older than 30 days.
      book.tell(event(1_000));
      for (const seconds of [1, 2, 3]) book.tell(event(nowMs - seconds * 1_000));
      book.tell(event(nowMs - 500, { agent: "b", kind: "agent_silent", text: "it's \0 gone" }));
      const texts = async (search: object) =>
        (await book.list({ ...all, ...search })).events.map(({ atMs }) => nowMs - atMs);
      expect(await texts({})).toEqual([500, 1_000, 2_000, 3_000]);
      expect(await texts({ agent: "b" })).toEqual([500]);
      expect(await texts({ kinds: ["agent_back", "rollout"] })).toEqual([1_000, 2_000, 3_000]);
      expect(await texts({ startMs: nowMs - 2_000, endMs: nowMs - 1_000 })).toEqual([1_000, 2_000]);
      expect(await texts({ tenant: "another" })).toEqual([]);
      const first = await book.list({ ...all, limit: 1 });
      expect(first.truncated).toBe(true);
      expect(first.events[0]).toMatchObject({ text: "it's  gone", details: { from: "1" } });
    },
    60_000,
  );

test("EventBook forgets nothing by a clock that is not trusted, and what is old once it is", async () => {
  let isTrusted = false;
  const { book } = await opened(undefined, () => isTrusted);
  book.tell(event(1_000));
  const ages = async () => (await book.list(all)).events.map(({ atMs }) => nowMs - atMs);
  expect(await ages()).toEqual([nowMs - 1_000]);
  isTrusted = true;
  book.tell(event(nowMs - 500));
  expect(await ages()).toEqual([500]);
});

test("EventWatch tells of the store's faults once, and of rollouts as they change", async () => {
  const { catalog, book } = await opened();
  let trouble: string | undefined;
  let fault = "";
  const watch = new EventWatch({
    tenant,
    book,
    agents: { all: () => [] },
    silentAfterMs: 30_000,
    isListening: () => true,
    storageTrouble: () => trouble,
    maintenanceFault: () => fault,
    catalog,
    clock,
    log: silentLogger,
  });
  await watch.look();
  trouble = "no space left";
  fault = "corrupt";
  await watch.look();
  await watch.look();
  trouble = undefined;
  await watch.look();
  await catalog.transaction("test", async (sql) => {
    await sql`INSERT INTO rollouts (id, tenant, kind, name, revision, plan, state, stage, reason,
        actor, created_ms, state_ms, version)
      VALUES ('r', ${tenant}, 'configuration', 'web', '2', '{}', 'rolled_back', 0, 'h failed', 'me',
        1, ${nowMs + 1}, 1)`;
  });
  await watch.look();
  await watch.look();
  const { events } = await book.list({ ...all, endMs: nowMs + 10 });
  expect(events.map(({ text }) => text).toSorted()).toEqual([
    "Blocks are written again",
    "Blocks can't be written: no space left",
    "Compaction and retention failed: corrupt",
    "Rollout of configuration web 2 is rolled_back: h failed",
  ]);
});
