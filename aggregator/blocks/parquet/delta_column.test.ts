import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ByteSink } from "./byte_sink.ts";
import { DeltaColumn } from "./delta_column.ts";
import { writeDeltas } from "./encode.ts";

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** As a file has them. */
function written(values: readonly number[]): Uint8Array {
  const sink = new ByteSink(64);
  writeDeltas(
    sink,
    values.length,
    (target) => target.varint(zigzag(values[0] ?? 0)),
    (i) => (values[i] ?? 0) - (values[i - 1] ?? 0),
  );
  return sink.written();
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.nat(40) },
  { weight: 2, arbitrary: fc.nat(2 ** 20) },
  { weight: 1, arbitrary: fc.nat(2 ** 32 - 1) },
);
/** Long enough for several miniblocks; some of one value. */
const values = fc.oneof(
  fc.array(step, { minLength: 1, maxLength: 400 }),
  fc.tuple(step, fc.integer({ min: 1, max: 300 })).map(([one, times]) => Array(times).fill(one)),
);

test("values come back as doubles and as 32 bits, whole or a stretch of them", () => {
  fc.assert(
    fc.property(values, fc.nat(), fc.nat(), (all: number[], from, length) => {
      const bytes = written(all);
      expect(Array.from(new DeltaColumn(bytes).decodeAll())).toEqual(all);
      const at = from % all.length;
      const count = Math.min(all.length - at, length % 300);
      const column = new DeltaColumn(bytes);
      const [doubles, words] = [new Float64Array(count), new Uint32Array(count)];
      column.decode(at, count, all[at] ?? 0, doubles);
      column.decodeUint32s(at, count, all[at] ?? 0, words);
      expect(Array.from(doubles)).toEqual(all.slice(at, at + count));
      expect(Array.from(words)).toEqual(all.slice(at, at + count));
    }),
    { numRuns: 300 },
  );
});

test("a column that is cut off is refused", () => {
  const bytes = written(Array.from({ length: 200 }, (_, i) => (i * 7_919) % 1_000));
  const column = new DeltaColumn(bytes.subarray(0, 40));
  expect(() => column.decodeUint32s(0, 200, 0, new Uint32Array(200))).toThrow("cut off");
});
