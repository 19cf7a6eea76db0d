import { expect, test } from "bun:test";
import type { Silence } from "../../../client/alertmanager.ts";
import type { RecurringRow } from "../../../client/alerts/recurring.ts";
import { calendarEntries } from "./calendar_entries.ts";

const dayMs = 86_400_000;
const nowMs = 100 * dayMs;
const matchers = [{ name: "host", value: "db", isRegex: false, isEqual: true }];
const recurring: RecurringRow = {
  id: "r",
  days: { every: "day" },
  at: "12:00",
  duration: "1h",
  timeZone: "UTC",
  until: null,
  matchers,
  createdBy: "ada",
  comment: "backup",
  occurrences: [-0.5, 0.5, 1.5].map((days) => ({
    startMs: nowMs + days * dayMs,
    endMs: nowMs + days * dayMs + 3_600_000,
  })),
};
const silence = (id: string, part: Partial<Silence>): Silence => ({
  id,
  state: "active",
  matchers,
  startsMs: nowMs - 1,
  endsMs: nowMs + 1,
  createdBy: "ada",
  comment: "backup",
  annotations: {},
  ...part,
});

test("windows to come are shown once: as a silence where there is one", () => {
  const occurrence = new Date(nowMs + 0.5 * dayMs).toISOString();
  const all = calendarEntries(
    [
      silence("made", { state: "pending", annotations: { recurrence: "r", occurrence } }),
      silence("other", { state: "expired" }),
    ],
    [recurring],
    nowMs,
  );
  expect(all.map(({ key, opens, isRecurring }) => [key, opens.kind, isRecurring])).toEqual([
    ["made", "silence", true],
    ["other", "nothing", false],
    [`r;${new Date(nowMs + 1.5 * dayMs).toISOString()}`, "recurring", true],
  ]);
  expect(all.at(-1)).toMatchObject({ state: "pending", matchers: 'host="db"' });
});

test("a window that was ended early does not come back as one to come", () => {
  const occurrence = new Date(nowMs + 0.5 * dayMs).toISOString();
  const ended = silence("made", { state: "expired", annotations: { recurrence: "r", occurrence } });
  const all = calendarEntries([ended], [recurring], nowMs);
  expect(all.filter(({ state }) => state === "pending")).toHaveLength(1);
});
