import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Catalog } from "../../catalog/catalog.ts";
import { createMatcher } from "../routing/matcher.ts";
import { NotifyState } from "../state/notify_state.ts";
import type { Recurrence } from "./recurrence.ts";
import { RecurringSilences } from "./recurring_silences.ts";
import { stateOf } from "./silence.ts";
import { type PostedSilence, SilenceBook } from "./silence_book.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-recurring-"));
const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
const state = new NotifyState(catalog, "default");
// A Wednesday.
let nowMs = Date.parse("2026-11-25T00:00Z");
const now = () => nowMs;
afterAll(async () => {
  await state.close();
  await catalog.close();
  rmSync(folder, { recursive: true });
});

/** As after a start. */
async function opened() {
  const known = await state.load(nowMs);
  const book = new SilenceBook(
    {
      now,
      limits: () => ({ silencesMax: 0, bytesMax: 0, retentionMs: 86_400_000 }),
      save: (changed) => state.saveSilences(changed),
      remove: (ids) => state.removeSilences(ids),
    },
    known.silences,
  );
  const recurring = new RecurringSilences(
    book,
    {
      now,
      save: (recurrence) => state.saveRecurrence(recurrence),
      remove: (id) => state.removeRecurrence(id),
    },
    known.recurrences,
  );
  return { book, recurring };
}
type Opened = Awaited<ReturnType<typeof opened>>;

const posted = {
  id: "",
  days: { every: "week", weekdays: [3, 7] } as const,
  startMinute: 120,
  durationMs: 3_600_000,
  timeZone: "UTC",
  untilMs: undefined,
  matchers: [createMatcher("host", "=~", "db.*")],
  createdBy: "ada",
  comment: "backup",
};

function shown({ book }: Opened): string[] {
  return book
    .all()
    .map((one) => `${new Date(one.startsAtMs).toISOString().slice(5, 16)} ${stateOf(one, nowMs)}`)
    .toSorted();
}

test("occurrences become silences a day ahead, over a restart, each once", async () => {
  const first = await opened();
  await first.recurring.set(posted);
  expect(shown(first)).toEqual(["11-25T02:00 pending"]);
  expect(first.book.all()[0]).toMatchObject({ createdBy: "ada", comment: "backup" });
  await first.recurring.keepUp();
  expect(shown(first)).toEqual(["11-25T02:00 pending"]);
  nowMs = Date.parse("2026-11-25T02:30Z");
  const second = await opened();
  await second.recurring.keepUp();
  expect(shown(second)).toEqual(["11-25T02:00 active"]);
  expect(second.book.silencesOf({ host: "db-1" }, nowMs)).toHaveLength(1);
  nowMs = Date.parse("2026-11-28T12:00Z");
  await second.recurring.keepUp();
  expect(shown(second)).toEqual(["11-25T02:00 expired", "11-29T02:00 pending"]);
});

test("an occurrence that a person ended does not come back", async () => {
  nowMs = Date.parse("2026-11-29T02:10Z");
  const one = await opened();
  const active = one.book.all().find((silence) => stateOf(silence, nowMs) === "active");
  await one.book.expire(active?.id ?? "");
  await one.recurring.keepUp();
  const again = await opened();
  await again.recurring.keepUp();
  expect(shown(again).filter((text) => !text.endsWith("expired"))).toEqual([]);
});

test("an occurrence that a person changed is not made again, also without its annotations", async () => {
  nowMs = Date.parse("2026-12-02T00:00Z");
  const one = await opened();
  await one.recurring.keepUp();
  const made = one.book.all().find((silence) => stateOf(silence, nowMs) === "pending");
  if (made === undefined) throw new Error("no occurrence was made");
  await one.book.set({ ...made, endsAtMs: made.endsAtMs + 60_000, annotations: {} });
  const again = await opened();
  await again.recurring.keepUp();
  expect(shown(again).filter((text) => !text.endsWith("expired"))).toEqual(["12-02T02:00 pending"]);
  await again.book.expire(made.id);
});

const known = (id: string, host: string): Recurrence => ({
  ...posted,
  id,
  matchers: [createMatcher("host", "=", host)],
  updatedAtMs: 0,
  madeMs: undefined,
});

test("a window that cannot be made keeps no other recurring silence from its windows", async () => {
  nowMs = Date.parse("2026-12-06T00:00Z");
  const made: string[] = [];
  const book = {
    all: () => [],
    expire: async () => {},
    set: async ({ matchers }: PostedSilence) => {
      const host = matchers[0]?.value ?? "";
      if (host === "a") throw new Error("too many silences");
      made.push(host);
      return host;
    },
  };
  const parts = { now, save: async () => {}, remove: async () => {} };
  const recurring = new RecurringSilences(book, parts, [known("1", "a"), known("2", "b")]);
  expect(recurring.keepUp()).rejects.toThrow("too many silences");
  await recurring.keepUp().catch(() => {});
  expect(made).toEqual(["b"]);
});

test("a change and a removal end what was made before", async () => {
  nowMs = Date.parse("2026-12-09T01:00Z");
  const one = await opened();
  await one.recurring.keepUp();
  const [recurrence] = one.recurring.all();
  expect(recurrence).toMatchObject({ durationMs: 3_600_000, matchers: [{ name: "host" }] });
  if (recurrence === undefined) return;
  const current = () => shown(one).filter((text) => !text.endsWith("expired"));
  expect(current()).toEqual(["12-09T02:00 pending"]);
  nowMs += 1;
  await one.recurring.set({ ...recurrence, startMinute: 30 });
  // It is under way already, so its silence begins now.
  expect(current()).toEqual(["12-09T01:00 active"]);
  await one.recurring.remove(recurrence.id);
  expect(current()).toEqual([]);
  expect((await opened()).recurring.all()).toEqual([]);
  expect(one.recurring.remove(recurrence.id)).rejects.toThrow("not found");
});
