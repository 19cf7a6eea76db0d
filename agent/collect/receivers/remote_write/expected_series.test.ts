import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { wire } from "../receiver.fixture.ts";
import { ExpectedSeries } from "./expected_series.ts";

const timestampMs = 1_760_000_000_000;

function seriesOf(labels: Uint8Array, rest: Uint8Array): Uint8Array {
  return new Uint8Array(wire.message(1, labels, rest));
}

function sampleOf(value = 1.5, time: number | bigint = timestampMs): Buffer {
  return wire.message(2, wire.double(1, value), wire.varint(2, time));
}

/** Labels as a sender writes them. */
function labelsOf(text: string): Uint8Array {
  return wire.message(1, wire.bytes(1, "__name__"), wire.bytes(2, text));
}

/** One that expects these labels as the series 0, again and again. */
function expecting(labels: Uint8Array): ExpectedSeries {
  const expected = new ExpectedSeries();
  expected.keep(0, labels, 0, labels.length);
  expected.met(0);
  expected.met(0);
  return expected;
}

test("ExpectedSeries reads series with the labels that it expects, to the bit, and stops at others", () => {
  const labels = fc.uint8Array({ minLength: 1, maxLength: 300, max: 3 });
  const time = fc.oneof(fc.nat(), fc.constantFrom(0, timestampMs, 2 ** 53 - 1));
  const property = fc.property(labels, labels, fc.double(), time, (own, other, value, ms) => {
    const expected = expecting(own);
    const one = seriesOf(own, sampleOf(value, ms));
    const bytes = Buffer.concat([one, one, seriesOf(other, sampleOf())]);
    const isSame = Buffer.from(own).equals(other);
    expect(expected.read(bytes, 0)).toBe(isSame ? bytes.length : 2 * one.length);
    expect(expected.length).toBe(isSame ? 3 : 2);
    expect([...expected.columns.subarray(0, 2)]).toEqual([0, 0]);
    expect([...expected.timestampsMs.subarray(0, 2)]).toEqual([ms, ms]);
    const words = new Uint32Array(Float64Array.of(value).buffer);
    expect([...expected.words.subarray(2, 4)]).toEqual([...words]);
  });
  fc.assert(property, { seed: 5, numRuns: 500 });
});

test("ExpectedSeries leaves every other form of a series, and what is cut, to the common reader", () => {
  const labels = labelsOf("up");
  const whole = seriesOf(labels, sampleOf());
  for (let cut = 0; cut < whole.length; cut++) {
    const expected = expecting(labels);
    expect(expected.read(whole.subarray(0, cut), 0)).toBe(0);
    expect(expected.length).toBe(0);
  }
  const others = {
    labels_behind: Buffer.concat([sampleOf(), labels]),
    more_labels: Buffer.concat([labels, labelsOf("x"), sampleOf()]),
    two_samples: Buffer.concat([labels, sampleOf(), sampleOf()]),
    time_first: Buffer.concat([
      labels,
      wire.message(2, wire.varint(2, timestampMs), wire.double(1, 1)),
    ]),
    no_time: Buffer.concat([labels, wire.message(2, wire.double(1, 1))]),
    more_in_the_sample: Buffer.concat([
      labels,
      wire.message(2, wire.double(1, 1), wire.varint(2, 1), wire.varint(3, 1)),
    ]),
    negative_time: Buffer.concat([labels, sampleOf(1, -1n)]),
    exemplar: Buffer.concat([labels, sampleOf(), wire.message(3, wire.double(2, 1))]),
    none: labels,
  };
  for (const [form, rest] of Object.entries(others)) {
    const bytes = new Uint8Array(wire.message(1, rest));
    expect([form, expecting(labels).read(bytes, 0)]).toEqual([form, 0]);
  }
});

test("ExpectedSeries reads any bytes without a fault, and never over their end", () => {
  const whole = seriesOf(labelsOf("up"), sampleOf());
  const property = fc.property(fc.nat(whole.length - 1), fc.nat(255), (place, byte) => {
    const bytes = Uint8Array.from(whole);
    bytes[place] = byte;
    const end = expecting(labelsOf("up")).read(bytes, 0);
    expect([0, whole.length]).toContain(end);
    // Tags, lengths and labels as they were: only value and time may differ.
    if (end > 0 && bytes[place] !== whole[place])
      expect(place).toBeGreaterThanOrEqual(whole.length - 15);
  });
  fc.assert(property, { seed: 6, numRuns: 3_000 });
});

test("ExpectedSeries takes of a run of series what is as foretold, to the bit, whatever differs and where", () => {
  const texts = fc.array(fc.string({ maxLength: 140 }), { minLength: 2, maxLength: 40 });
  const time = fc.constantFrom(timestampMs, timestampMs + 15_000, 2 ** 41 - 1, 1_000, 2 ** 45);
  const change = fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })));
  const property = fc.property(texts, time, change, fc.nat(), (names, ms, changed, seed) => {
    const expected = new ExpectedSeries();
    const labels = names.map((name, i) => labelsOf(`${i}${name}`));
    for (const [column, own] of labels.entries()) {
      expected.keep(column, own, 0, own.length);
      expected.met(column);
    }
    const parts = labels.map((own, i) => seriesOf(own, sampleOf(seed / (i + 1), ms)));
    const bytes = Buffer.concat(parts);
    let differing = parts.length;
    if (changed !== null) {
      const place = changed[0] % bytes.length;
      let end = 0;
      differing = parts.findIndex((part) => (end += part.length) > place);
      const own = parts[differing]?.length ?? 0;
      const tail = sampleOf(0, ms).length;
      // Values and times are the sender's to choose.
      const isOfSample = place >= end - tail && place < end && own > tail;
      if (isOfSample) differing = parts.length;
      else bytes[place] = (bytes[place] ?? 0) ^ changed[1];
    }
    // Twice: after a run that was cut, the next is tried in smaller pieces.
    for (let round = 0; round < 2; round++) {
      expected.met(labels.length - 1);
      expected.met(0);
      let [at, found] = [parts[0]?.length ?? 0, 1];
      if (differing === 0) return;
      for (let before = -1; before !== at;) {
        before = at;
        at = expected.read(bytes, at);
        for (let i = 0; i < expected.length; i++, found++) {
          expect(expected.columns[i]).toBe(found);
          expect(expected.timestampsMs[i]).toBe(ms);
          const words = new Uint32Array(Float64Array.of(seed / (found + 1)).buffer);
          expect([...expected.words.subarray(2 * i, 2 * i + 2)]).toEqual([...words]);
        }
      }
      expect(found).toBe(differing);
    }
  });
  fc.assert(property, { seed: 7, numRuns: 400 });
});

test("ExpectedSeries learns another order, keeps many series, and forgets all at clear()", () => {
  const expected = new ExpectedSeries();
  const count = 5_000;
  const labels = Array.from({ length: count }, (_, i) => labelsOf(`${i}`.padEnd(i % 190)));
  for (const [column, own] of labels.entries()) {
    expected.keep(column, own, 0, own.length);
    expected.met(column);
  }
  expected.met(0);
  const all = labels.slice(1).map((own) => seriesOf(own, sampleOf()));
  const bytes = Buffer.concat(all);
  let found = 0;
  for (let at = 0; at < bytes.length; found += expected.length) {
    at = expected.read(bytes, at);
    if (expected.length === 0) break;
    expect(expected.columns[0]).toBe(found + 1);
  }
  expect(found).toBe(count - 1);
  for (const column of [0, 2, 4, 0]) expected.met(column);
  expect(expected.read(all[0] ?? bytes, 0)).toBe(0);
  expect(expected.read(all[1] ?? bytes, 0)).toBe(all[1]?.length ?? 0);
  expect(expected.size).toBe(count);
  expected.clear();
  expect(expected.size).toBe(0);
  expect(expected.read(all[1] ?? bytes, 0)).toBe(0);
});

test("ExpectedSeries reads thousands of series in one run after another, whatever the lengths of their labels", () => {
  const expected = new ExpectedSeries();
  const labels = Array.from({ length: 6_000 }, (_, i) => labelsOf(`${i}_${"x".repeat(i % 300)}`));
  for (const [column, own] of labels.entries()) {
    expected.keep(column, own, 0, own.length);
    expected.met(column);
  }
  expected.met(0);
  const body = Buffer.concat(
    [...labels.slice(1), ...labels].map((own, i) => seriesOf(own, sampleOf(i))),
  );
  const columns: number[] = [];
  for (let at = 0; at < body.length;) {
    const next = expected.read(body, at);
    expect(next).toBeGreaterThan(at);
    at = next;
    columns.push(...expected.columns.subarray(0, expected.length));
  }
  const all = labels.map((_, column) => column);
  expect(columns).toEqual([...all.slice(1), ...all.slice(0, 1), ...all.slice(1)]);
});
