import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { setAbsent, wordsOf } from "#shared/model/special_values.ts";
import { CellMemory } from "./cell_memory.ts";
import { SampleSink } from "./sample_sink.ts";
import { SampleTable } from "./sample_table.ts";

const lane = { tenant: "acme", agent: "host-1", signal: "metrics" } as const;
const memory = new CellMemory();
const absent = new Float64Array(1);
setAbsent(wordsOf(absent), 0);

/** Widths of the rows that come, and how many of each. */
const stretches = fc.array(
  fc.record({
    width: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 8_000, max: 20_000 })),
    rows: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 4 },
);

test("a table gives back what it was given, packed or not, while rows become wider and narrower", () => {
  fc.assert(
    fc.property(stretches, fc.nat(1_000), (plan, seed) => {
      const table = new SampleTable(lane, memory);
      const rows: Float64Array[] = [];
      let bytes = 0;
      for (const { width, rows: count } of plan)
        for (let i = 0; i < count; i++) {
          // A third stays as it is, a third grows, a third is noise; some are absent.
          const row = Float64Array.from({ length: width }, (_, column) =>
            column % 3 === 0
              ? column
              : column % 3 === 1
                ? 1_000_000 + rows.length * column
                : Math.sin(seed + rows.length * column),
          );
          const words = wordsOf(row);
          for (let column = seed % 7; column < width; column += 7)
            if ((rows.length + column) % 5 === 0) setAbsent(words, column);
          bytes += table.appendRow(rows.length, row, rows.length);
          rows.push(row);
        }
      expect(bytes).toBeGreaterThan(0);
      const sink = new SampleSink();
      const widest = Math.max(...plan.map(({ width }) => width));
      for (const column of new Set([0, 1, 2, seed % widest, Math.floor(widest / 2), widest - 1])) {
        sink.clear();
        table.read(column, 0, Infinity, sink);
        const { timestampsMs, values } = sink.take();
        const expected = rows.flatMap((row, timestampMs) =>
          column < row.length && !Object.is(wordsOf(row)[2 * column + 1], wordsOf(absent)[1])
            ? [[timestampMs, row[column]]]
            : [],
        );
        expect(Array.from(timestampsMs, (ms, i) => [ms, values[i]])).toEqual(expected);
        expect(table.hasSample(column, 0, Infinity)).toBe(expected.length > 0);
      }
      const pieces = table.pieces();
      expect(new Set(pieces.map(({ values }) => values.buffer)).size).toBe(pieces.length);
      memory.giveBack(pieces);
    }),
    { numRuns: 60 },
  );
});
