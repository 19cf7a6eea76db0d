import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { comparePositions, origin } from "#shared/model/position.ts";
import { TailCache } from "./tail_cache.ts";

const kib = 1024;
const empty = new Uint8Array();

test("TailCache gives the newest frames in order, as many as it can hold, and no others", () => {
  const step = fc.oneof(
    fc.record({ frames: fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 8 }) }),
    fc.record({ forget: fc.nat({ max: 60 }) }),
  );
  const property = fc.property(fc.array(step, { maxLength: 40 }), fc.nat(80), (steps, from) => {
    const cache = new TailCache(origin);
    const all: { position: { epoch: number; sequence: number }; bytes: Uint8Array }[] = [];
    let gone = origin;
    for (const one of steps) {
      if ("forget" in one) {
        const to = { epoch: 1, sequence: Math.min(one.forget, all.length) };
        cache.forget(to);
        if (comparePositions(to, gone) > 0) gone = to;
        continue;
      }
      const frames = one.frames.map((size, i) => ({
        position: { epoch: 1, sequence: all.length + 1 + i },
        bytes: new Uint8Array(size * kib),
      }));
      all.push(...frames);
      cache.add(frames);
    }
    const held: typeof all = [];
    let bytes = 0;
    for (const frame of all.toReversed()) {
      bytes += frame.bytes.length;
      if (bytes > 2_048 * kib || comparePositions(frame.position, gone) <= 0) break;
      held.unshift(frame);
    }
    const after = { epoch: 1, sequence: from };
    const to = { epoch: 1, sequence: all.length };
    const got = cache.read(after, to, Infinity);
    const start = held[0]?.position.sequence ?? all.length + 1;
    if (from >= start - 1) {
      const wanted = held.filter(({ position }) => position.sequence > from);
      expect(got).toEqual(wanted.map((frame) => frame.bytes));
    } else if (got !== undefined)
      // It may hold more than the newest that fit.
      expect(got).toEqual(all.slice(from).map((frame) => frame.bytes));
  });
  fc.assert(property, { seed: 9, numRuns: 300 });
});

test("TailCache lets go what the reader has", () => {
  const cache = new TailCache(origin);
  const frames = [1, 2, 3].map((sequence) => ({
    position: { epoch: 1, sequence },
    bytes: new Uint8Array(sequence),
  }));
  cache.add(frames);
  const [, second = empty, third = empty] = frames.map(({ bytes }) => bytes);
  const to = { epoch: 1, sequence: 3 };
  expect(cache.read({ epoch: 1, sequence: 1 }, to, Infinity)).toEqual([second, third]);
  expect(cache.read(origin, to, Infinity)).toBeUndefined();
  expect(cache.read({ epoch: 1, sequence: 1 }, to, 1)).toEqual([second]);
  expect(cache.read(to, to, Infinity)).toEqual([]);
  cache.add([{ position: { epoch: 1, sequence: 4 }, bytes: new Uint8Array(4) }]);
  expect(cache.read(to, { epoch: 1, sequence: 4 }, Infinity)).toEqual([new Uint8Array(4)]);
});
