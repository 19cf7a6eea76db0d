import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { wordsOf } from "#shared/model/special_values.ts";
import { TextPool } from "#shared/text/text_pool.ts";
import { BesideSamples } from "../samples/beside_samples.ts";
import { PushedSeries } from "../samples/pushed_series.ts";
import { SampleBuffer } from "../samples/sample_buffer.ts";
import { DecodedWrite } from "./decoded_write.ts";
import { SampleChecks } from "./sample_checks.ts";

const nowMs = 1_760_000_000_000;
const hourMs = 3_600_000;

type Sample = { column: number; timestampMs: number; value: number };

/** Series of which one request is stored, and the checks of the next. */
function checksAfter(stored: readonly Sample[], outOfOrderMs: number) {
  const agent = { hasRoom: () => true, refused: () => {} };
  const texts = new TextPool();
  const series = new PushedSeries({ seriesMax: 10, idleMs: hourMs, outOfOrderMs, agent, texts });
  series.begin(nowMs);
  for (let i = 0; i < 4; i++) series.columnOf({ __name__: `m${i}` });
  const buffer = new SampleBuffer();
  for (const { column, timestampMs, value } of stored) buffer.push(column, timestampMs, value);
  series.stored(series.groups, buffer.take(), nowMs);
  const out = new DecodedWrite(new BesideSamples());
  return { buffer, out, checks: new SampleChecks(series, buffer, out, nowMs) };
}

/** Values by their bits, as NaNs are told apart by them. */
function bitsOf(buffer: SampleBuffer) {
  const { columns, timestampsMs, values } = buffer.take();
  return { columns, timestampsMs, words: wordsOf(values) };
}

const samples = fc.array(
  fc.record({
    column: fc.nat({ max: 3 }),
    timestampMs: fc.constantFrom(
      ...[-3 * hourMs, -hourMs, -15_000, 0, 15_000, 9 * 60_000, 11 * 60_000].map(
        (ms) => nowMs + ms,
      ),
    ),
    value: fc.constantFrom(1, 2, Number.NaN),
  }),
  { maxLength: 12 },
);

test("SampleChecks.addRun() takes and refuses what add() does, sample by sample", () => {
  const property = fc.property(
    samples,
    samples,
    fc.constantFrom(0, 600_000),
    (stored, run, window) => {
      const [together, singly] = [checksAfter(stored, window), checksAfter(stored, window)];
      const words = new Uint32Array(Float64Array.from(run, ({ value }) => value).buffer);
      const columns = Uint32Array.from(run, ({ column }) => column);
      const timestampsMs = Float64Array.from(run, ({ timestampMs }) => timestampMs);
      together.checks.addRun(columns, timestampsMs, words, run.length);
      for (let i = 0; i < run.length; i++)
        singly.checks.add(
          columns[i] ?? 0,
          timestampsMs[i] ?? 0,
          words[2 * i] ?? 0,
          words[2 * i + 1] ?? 0,
        );
      expect(bitsOf(together.buffer)).toEqual(bitsOf(singly.buffer));
      const [{ out }, { out: wanted }] = [together, singly];
      expect([out.samples, out.written]).toEqual([wanted.samples, wanted.written]);
      expect([...out.faults.counts]).toEqual([...wanted.faults.counts]);
      expect(out.faults.first).toBe(wanted.faults.first);
    },
  );
  fc.assert(property, { seed: 8, numRuns: 1_000 });
});
