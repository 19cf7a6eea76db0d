import { expect, test } from "bun:test";
import { wordsOf } from "#shared/model/special_values.ts";
import { SampleBuffer } from "./sample_buffer.ts";

test("SampleBuffer leaves samples as they are until they are given back, then uses their memory again", () => {
  const buffer = new SampleBuffer();
  const pushed = Array.from({ length: 3 }, (_, request) => {
    for (let i = 0; i <= request; i++) buffer.push(i, 1_000 + i, request);
    return buffer.take();
  });
  expect(pushed.map(({ values }) => [...values])).toEqual([[0], [1, 1], [2, 2, 2]]);
  expect(pushed.map(({ columns }) => [...columns])).toEqual([[0], [0, 1], [0, 1, 2]]);
  expect(new Set(pushed.map(({ values }) => values.buffer)).size).toBe(3);
  for (const samples of pushed) buffer.giveBack(samples);
  buffer.push(7, 5, 9);
  expect(buffer.take().values.buffer).not.toBe(pushed[0]?.values.buffer);
  buffer.push(7, 5, 9);
  const memories = pushed.map(({ values }) => values.buffer);
  expect(memories).toContain(buffer.take().values.buffer);
});

test("SampleBuffer grows as samples come, and keeps no memory of a request of many", () => {
  const buffer = new SampleBuffer();
  const count = 20_000;
  const words = new Uint32Array(2 * count).fill(0xffff_ffff);
  const columns = Uint32Array.from({ length: count }, (_, i) => i);
  const timestampsMs = Float64Array.from(columns, (column) => 2 * column);
  buffer.pushRun(columns, timestampsMs, words, 0, count);
  const samples = buffer.take();
  expect(samples.columns).toEqual(columns);
  expect(samples.timestampsMs).toEqual(timestampsMs);
  expect(wordsOf(samples.values)).toEqual(words);
  buffer.giveBack(samples);
  buffer.pushStale(3, 4);
  const next = buffer.take();
  expect(next.values.buffer).not.toBe(samples.values.buffer);
  expect([...wordsOf(next.values)]).toEqual([2, 0x7ff0_0000]);
  expect(samples.columns).toEqual(columns);
});
