import { expect, test } from "bun:test";
import { SeriesIndex, lineKinds } from "./series_index.ts";

test("SeriesIndex finds each of many lines by exactly its bytes, and no other", () => {
  const index = new SeriesIndex();
  const encoder = new TextEncoder();
  const line = (i: number) => encoder.encode(`metric{i="${i}",é="x"} `);
  const found = (bytes: Uint8Array) => index.find(bytes, 0, bytes.length);
  for (let i = 0; i < 20_000; i++) {
    const bytes = line(i);
    expect(found(bytes)).toBe(-1);
    expect(index.add(bytes, 0, bytes.length, lineKinds.sample, undefined)).toBe(i);
  }
  for (let i = 0; i < 20_000; i += 7) {
    const bytes = line(i);
    expect(found(bytes)).toBe(i);
    expect(index.find(bytes, 0, bytes.length - 1)).toBe(-1);
    expect(index.find(Uint8Array.of(0, ...bytes, 0), 1, bytes.length + 1)).toBe(i);
  }
  expect(found(new Uint8Array())).toBe(-1);
});
