import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { setAbsent, setNormalNan, setStale, wordsOf } from "#shared/model/special_values.ts";
import { RowRing } from "./row_ring.ts";

const special = fc.constantFrom("absent" as const, "stale" as const, "nan" as const);
const cell = fc.oneof(
  fc.double(),
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.constantFrom(0, -0, 1.5, Infinity, -Infinity, 1e300),
  special,
);

function rowOf(cells: readonly (number | "absent" | "stale" | "nan")[]): Float64Array {
  const values = new Float64Array(cells.length);
  const words = wordsOf(values);
  for (const [i, one] of cells.entries()) {
    if (one === "absent") setAbsent(words, i);
    else if (one === "stale") setStale(words, i);
    else if (one === "nan") setNormalNan(words, i);
    else values[i] = one;
  }
  return values;
}

const bits = (values: Float64Array) => [...wordsOf(values)];

test("RowRing gives back every row bit by bit, over chunks and while columns are added", () => {
  const rows = fc.array(
    fc.record({ cells: fc.array(cell, { maxLength: 6 }), isShipped: fc.boolean() }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(rows, (pushed) => {
      const ring = new RowRing();
      let columns = 0;
      const expected = pushed.map(({ cells, isShipped }, i) => {
        // A schema only grows; columns of a row are those that there were then.
        columns = Math.max(columns, cells.length);
        const padding = Array.from({ length: columns - cells.length }, () => "absent" as const);
        const values = rowOf([...cells, ...padding]);
        ring.push(1_000 * i, values, isShipped);
        return { timestampMs: 1_000 * i, bits: bits(values), isShipped };
      });
      const read = [...ring.read(-1, Infinity)].map(({ timestampMs, values, isShipped }) => ({
        timestampMs,
        bits: bits(values),
        isShipped,
      }));
      expect(read).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test("RowRing.read() gives the rows after one time and until another", () => {
  const ring = new RowRing();
  for (let i = 0; i < 150; i++) ring.push(i, Float64Array.of(i), false);
  const times = (afterMs: number, untilMs: number) =>
    [...ring.read(afterMs, untilMs)].map(({ timestampMs }) => timestampMs);
  expect(times(62, 66)).toEqual([63, 64, 65, 66]);
  expect(times(148, 1_000)).toEqual([149]);
  expect(times(149, 1_000)).toEqual([]);
});

test("RowRing.markShipped() is about the row of that time, in full chunks, too", () => {
  const ring = new RowRing();
  for (let i = 0; i < 100; i++) ring.push(i, Float64Array.of(i), false);
  for (const ms of [3, 99]) ring.markShipped(ms);
  const shipped = [...ring.read(-1, 1_000)].filter(({ isShipped }) => isShipped);
  expect(shipped.map(({ timestampMs }) => timestampMs)).toEqual([3, 99]);
});

test("RowRing lets go of full chunks that are old, and of the open one only when told to", () => {
  const ring = new RowRing();
  for (let i = 0; i < 200; i++) ring.push(i, Float64Array.of(Math.sin(i)), false);
  const before = ring.bytes;
  expect(ring.evictUntil(126)).toBe(64);
  expect(ring.oldestMs).toBe(64);
  expect(ring.bytes).toBeLessThan(before);
  expect([ring.evict(), ring.evict(), ring.evict()]).toEqual([64, 64, 0]);
  expect([ring.oldestMs, ring.newestMs, ring.rows]).toEqual([192, 199, 8]);
  expect(ring.evict(true)).toBe(8);
  expect([ring.oldestMs, ring.newestMs, ring.rows]).toEqual([undefined, undefined, 0]);
  ring.push(500, Float64Array.of(7), false);
  expect([...ring.read(0, 1_000)].map(({ values }) => values[0])).toEqual([7]);
});

test("RowRing keeps ten minutes of 500 series, a third of which move, in about a megabyte", () => {
  const ring = new RowRing();
  const values = new Float64Array(500);
  for (let second = 0; second < 600; second++) {
    for (let i = 0; i < 170; i++) values[i] = (values[i] ?? 0) + Math.floor(Math.random() * 1e4);
    ring.push(second * 1_000, values, second % 15 === 0);
  }
  expect(ring.rows).toBe(600);
  expect(ring.bytes).toBeLessThan(1_000_000);
});
