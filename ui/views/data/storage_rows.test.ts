import { expect, test } from "bun:test";
import type { StorageShare } from "../../client/storage/data_service.ts";
import {
  forecast,
  forecastWords,
  growthPerDay,
  headWords,
  removedWords,
  scrubWords,
} from "./storage_rows.ts";

const day = 86_400_000;
const share = (more: Partial<StorageShare> = {}): StorageShare => ({
  tenant: "default",
  signal: "metrics",
  bucketMs: 0,
  blocks: 1,
  bytes: 1_000,
  rows: 1,
  items: 2_000,
  oldestMs: 0,
  newestMs: 2 * day,
  retentionMs: 0,
  waitingBlocks: 0,
  ...more,
});

test("removedWords() sums the reasons of a signal", () => {
  const removed = [
    { signal: "logs", reason: "retention", items: 30 },
    { signal: "metrics", reason: "downsampled", items: 1_200 },
    { signal: "metrics", reason: "retention", items: 5 },
    { signal: "spans", reason: "deleted", items: 2 },
  ];
  const units = [
    { signal: "metrics", unit: "samples" },
    { signal: "logs", unit: "lines" },
  ];
  expect(removedWords(removed, units)).toBe("30 lines, 1\u202f205 samples, 2 spans");
});

test("headWords() names every signal of the server, also one that the interface does not know", () => {
  const items = [
    { signal: "metrics", unit: "samples", items: 20 },
    { signal: "logs", unit: "lines", items: 0 },
    { signal: "profiles", unit: "stacks", items: 3 },
  ];
  const head = { series: 7, oldestMs: 0, newestMs: 0, items };
  expect(headWords(head)).toBe("7 series, 20 samples, 0 lines, 3 stacks");
});

test("growthPerDay() is what a day takes, nothing at retention, and unknown where there is little", () => {
  expect(growthPerDay(share())).toBe(500);
  expect(growthPerDay(share({ retentionMs: 2 * day }))).toBe(0);
  expect(growthPerDay(share({ newestMs: 60_000 }))).toBeNaN();
});

test("forecast() fills the free bytes at the rates of all that still grow", () => {
  expect(forecast([share(), share()], { freeBytes: 10_000 })).toEqual({ kind: "full", days: 10 });
  // One stops after a day: 1000 in the first, then 500 a day.
  const ending = share({ retentionMs: 3 * day });
  expect(forecast([share(), ending], { freeBytes: 2_000 })).toEqual({ kind: "full", days: 3 });
  expect(forecast([ending], { freeBytes: 501 })).toEqual({ kind: "fits" });
});

test("forecast() does not guess", () => {
  expect(forecast([share({ newestMs: 1 })], { freeBytes: 1 })).toEqual({ kind: "unknown" });
  expect(forecast([share()], undefined)).toEqual({ kind: "unknown" });
  expect(forecastWords({ kind: "full", days: 12.4 })).toBe("full in about 12 days at this rate");
});

test("scrubWords() says when all blocks were compared, and how far the pass is", () => {
  const never = { scrubbedMs: 0, scrubDoneBytes: 0, scrubTotalBytes: 0 };
  expect(scrubWords(never, 10 * day)).toBe("not compared yet");
  const running = { ...never, scrubDoneBytes: 999, scrubTotalBytes: 1_000 };
  expect(scrubWords(running, 10 * day)).toBe("99 % compared");
  expect(scrubWords({ ...never, scrubbedMs: 8 * day }, 10 * day)).toMatch(/^compared .*2/);
});
