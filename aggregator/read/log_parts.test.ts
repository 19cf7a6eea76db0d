import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { LogsBatch } from "#shared/model/logs.ts";
import { type LogPart, scanParts, selectByScan } from "./log_parts.ts";
import { recordsOf } from "./log_slices.ts";

const nanosPerMs = 1_000_000n;

/** A part of records at given times in nanoseconds; bodies say which part and which record of it. */
function partOf(number: number, timesNs: readonly bigint[], bodyBytes = 0): LogPart {
  const bodies = timesNs.map((_, i) => Buffer.from(`${number} ${i}`.padEnd(bodyBytes)));
  let end = 0;
  const batch: LogsBatch = {
    streams: [{}],
    streamOf: new Uint32Array(timesNs.length),
    timestampsMs: Float64Array.from(timesNs, (ns) => Number(ns / nanosPerMs)),
    nanos: Uint32Array.from(timesNs, (ns) => Number(ns % nanosPerMs)),
    severities: new Uint8Array(timesNs.length),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, ({ length }) => (end += length)),
  };
  return {
    minMs: Math.min(...batch.timestampsMs),
    maxMs: Math.max(...batch.timestampsMs),
    items: timesNs.length,
    slices({ startNs, endNs }) {
      const rows = timesNs.flatMap((ns, row) => (ns >= startNs && ns < endNs ? [row] : []));
      return rows.length === 0 ? [] : [{ batch, rows: Uint32Array.from(rows) }];
    },
  };
}

test("spans lie apart in the direction asked for, and together hold what is in the time asked for", async () => {
  const times = fc.array(fc.bigInt({ min: 0n, max: 40_000_000n }), { minLength: 1, maxLength: 30 });
  // Few records are in a part, so that each counts as many here: spans are cut for real.
  const weight = fc.constantFrom(1, 1_000, 30_000);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(times, weight), { maxLength: 5 }),
      fc.bigInt({ min: 0n, max: 40_000_000n }),
      fc.bigInt({ min: 0n, max: 40_000_000n }),
      fc.constantFrom("forward" as const, "backward" as const),
      fc.integer({ min: 1, max: 200 }),
      async (given, startNs, endNs, direction, limit) => {
        const parts = given.map(([some, each], i) => {
          const part = partOf(i, some);
          return { ...part, items: part.items * each };
        });
        const scan = () => scanParts(parts, { startNs, endNs, direction });
        const spans: bigint[][] = [];
        for await (const slices of scan())
          spans.push(
            (await recordsOf(slices, "forward", 1e6)).map(({ timestampNs }) => timestampNs),
          );
        const inTime = direction === "forward" ? spans : spans.toReversed();
        const flat = inTime.flat();
        const all = given.flatMap(([some]) => some).filter((ns) => ns >= startNs && ns < endNs);
        expect(flat).toEqual(all.toSorted((a, b) => (a < b ? -1 : Number(a > b))));
        for (const [i, span] of inTime.entries()) {
          const before = inTime[i - 1]?.at(-1);
          if (before !== undefined) expect(span[0] ?? 0n).toBeGreaterThan(before);
        }
        const order = given.flatMap(([some], part) =>
          some.map((ns, row) => ({ ns, body: `${part} ${row}` })),
        );
        const wanted = order
          .filter(({ ns }) => ns >= startNs && ns < endNs)
          .toSorted((a, b) => (a.ns < b.ns ? -1 : Number(a.ns > b.ns)))
          .map(({ body }) => body);
        if (direction === "backward") wanted.reverse();
        const found = await selectByScan(scan(), { direction, limit });
        expect(found.map(({ body }) => body)).toEqual(wanted.slice(0, limit));
      },
    ),
    { numRuns: 200 },
  );
});

test("a span that would hold too much is cut, and a millisecond that does is refused", async () => {
  // Ten records of 8 MiB, told to be one: no estimate helps.
  const times = Array.from({ length: 10 }, (_, i) => BigInt(i) * 10n * nanosPerMs);
  const large = times.map((time) => partOf(0, [time], 8 * 2 ** 20));
  const request = { startNs: 0n, endNs: 2n ** 62n, direction: "backward" as const };
  const part: LogPart = {
    minMs: 0,
    maxMs: 90,
    items: 1,
    async *slices(span) {
      for (const one of large) yield* one.slices(span);
    },
  };
  let [spans, records] = [0, 0];
  for await (const slices of scanParts([part], request)) {
    spans++;
    records += slices.length;
  }
  expect(spans).toBeGreaterThan(1);
  expect(records).toBe(10);
  const packed = { ...part, minMs: 0, maxMs: 0, slices: () => part.slices(request) };
  const refused = selectByScan(scanParts([packed], request), { direction: "forward", limit: 100 });
  expect(await refused.catch((error: unknown) => error)).toMatchObject({ code: "overloaded" });
});
