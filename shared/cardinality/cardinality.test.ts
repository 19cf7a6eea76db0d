import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ActiveSeries } from "./active_series.ts";
import { DistinctCount } from "./distinct_count.ts";
import { LabelGrowth } from "./label_growth.ts";
import { hashOf } from "./series_hash.ts";
import { SeriesLimit } from "./series_limit.ts";

const nowMs = 1_760_000_000_000;
const minuteMs = 60_000;

test("DistinctCount is exact up to 128 and within a few percent above", () => {
  for (const size of [0, 1, 128, 1_000, 5_000, 20_000, 200_000]) {
    const count = new DistinctCount();
    for (let i = 0; i < size; i++) count.add(hashOf(`value ${i}`));
    for (let i = 0; i < size; i += 3) count.add(hashOf(`value ${i}`));
    // Five standard errors: fails once in a million seeds.
    expect(Math.abs(count.value - size)).toBeLessThanOrEqual(size > 128 ? 0.115 * size : 0);
  }
});

test("ActiveSeries knows what was touched within the hour, through any growth", () => {
  const active = new ActiveSeries();
  const hashes = Array.from({ length: 5_000 }, (_, i) => hashOf(`${i}`));
  for (const hash of hashes) active.touch(hash, nowMs);
  for (const hash of hashes.slice(0, 100)) active.touch(hash, nowMs + 50 * minuteMs);
  expect(active.size).toBe(5_000);
  expect(hashes.every((hash) => active.has(hash))).toBe(true);
  active.expire(nowMs + 59 * minuteMs);
  expect(active.size).toBe(5_000);
  active.expire(nowMs + 65 * minuteMs);
  expect(active.size).toBe(100);
  expect(hashes.filter((hash) => active.has(hash))).toEqual(hashes.slice(0, 100));
  active.expire(nowMs + 200 * minuteMs);
  expect(active.size).toBe(0);
});

test("LabelGrowth names the label that got most new values within the hour", () => {
  const growth = new LabelGrowth();
  for (let i = 0; i < 500; i++) growth.add({ __name__: "old", user: `${i}` }, nowMs);
  expect(growth.fastest(nowMs)).toMatchObject({ metric: "old", label: "user" });
  const laterMs = nowMs + 70 * minuteMs;
  for (let i = 0; i < 60; i++)
    growth.add({ __name__: "new", path: `/${i}`, code: `${i % 3}` }, laterMs);
  expect(growth.fastest(laterMs)).toEqual({
    metric: "new",
    label: "path",
    distinctValues: 60,
    growth: 60,
  });
});

test("LabelGrowth tells of metric names, too", () => {
  const growth = new LabelGrowth();
  for (let i = 0; i < 50; i++) growth.add({ __name__: `m${i}`, job: "x" }, nowMs);
  expect(growth.fastest(nowMs)).toMatchObject({ metric: "", label: "__name__", growth: 50 });
});

test("SeriesLimit measures growth from what was known at half the limit, and tells at most every ten minutes", () => {
  const told: number[] = [];
  const known = Array.from({ length: 40 }, (_, i) => ({ __name__: "base", disk: `${i}` }));
  const limit = new SeriesLimit({
    scope: "tenant",
    name: "t",
    limit: 50,
    known: () => known,
    onReached: ({ refusedSamples }) => void told.push(refusedSamples),
  });
  for (const [i, labels] of known.entries()) limit.admit(hashOf(`base ${i}`), labels, nowMs);
  const admitted = Array.from({ length: 30 }, (_, i) =>
    limit.admit(hashOf(`new ${i}`), { __name__: "hits", session: `${i}` }, nowMs),
  );
  expect(admitted.filter(Boolean)).toHaveLength(10);
  expect(limit.admit(hashOf("base 0"), known[0] ?? {}, nowMs)).toBe(true);
  limit.addRefusedSamples(20, nowMs);
  limit.addRefusedSamples(20, nowMs + minuteMs);
  limit.addRefusedSamples(20, nowMs + 11 * minuteMs);
  expect(told).toEqual([20, 60]);
  expect(limit.report(nowMs + 11 * minuteMs)).toEqual({
    scope: "tenant",
    name: "t",
    limit: 50,
    active: 50,
    refusedSeries: 20,
    refusedSamples: 60,
    lastRefusedMs: nowMs + 11 * minuteMs,
    fastest: { metric: "hits", label: "session", distinctValues: 30, growth: 30 },
  });
});

test("ActiveSeries knows what was touched within the hour, while it grows and when it shrinks", () => {
  const hashes = fc.integer({ min: 1, max: 400 }).map((n) => hashOf(`series ${n}`));
  const step = fc.record({ hash: hashes, minutes: fc.integer({ min: 0, max: 9 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 2_000, size: "max" }), (steps) => {
      const active = new ActiveSeries();
      const seenMs = new Map<number, number>();
      let touchedMs = nowMs;
      for (const { hash, minutes } of steps) {
        touchedMs += 6_000 * minutes;
        active.touch(hash, touchedMs);
        seenMs.set(hash, touchedMs);
        expect(active.has(hash)).toBe(true);
      }
      for (const hash of seenMs.keys()) expect(active.has(hash)).toBe(true);
      expect(active.size).toBe(seenMs.size);
      active.expire(touchedMs);
      const since = Math.floor((touchedMs - 60 * minuteMs) / minuteMs);
      const kept = [...seenMs].filter(([, ms]) => Math.floor(ms / minuteMs) > since);
      expect(active.size).toBe(kept.length);
      for (const [hash] of kept) expect(active.has(hash)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("the base of growth is read bit by bit with new series, and only then the growth is reported", () => {
  const known = Array.from({ length: 1_000 }, (_, i) => ({ __name__: "base", disk: `${i}` }));
  const limit = new SeriesLimit({ scope: "agent", name: "a", limit: 2, known: () => known });
  const admit = (i: number) =>
    limit.admit(hashOf(`new ${i}`), { __name__: "new", i: `${i}` }, nowMs);
  for (let i = 0; i < 3; i++) {
    admit(i);
    expect(limit.report(nowMs).fastest).toBeUndefined();
  }
  for (let i = 3; i < 13; i++) admit(i);
  expect(limit.report(nowMs).fastest).toEqual({
    metric: "new",
    label: "i",
    distinctValues: 10,
    growth: 10,
  });
});
