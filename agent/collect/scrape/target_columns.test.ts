import { expect, spyOn, test } from "bun:test";
import type { Labels } from "#shared/model/labels.ts";
import { SharedLines } from "./shared_lines.ts";
import { labelsHash as hash, TargetColumns } from "./target_columns.ts";

const labelsOf = (i: number): Labels => ({ __name__: `m_${i % 3}`, id: `${i}` });

function filledColumns(count: number): TargetColumns {
  const columns = new TargetColumns(new SharedLines());
  for (let i = 0; i < count; i++) {
    const labels = labelsOf(i);
    expect(columns.find(labels, hash(labels))).toBeUndefined();
    expect(columns.add(labels, hash(labels))).toBe(i);
  }
  return columns;
}

test.each([[100], [3_000]])(
  "each of %d series has its column, published or not, also after a rest",
  (count) => {
    const columns = filledColumns(count);
    const found = () =>
      Array.from({ length: count }, (_, i) => columns.find(labelsOf(i), hash(labelsOf(i))));
    const all = Array.from({ length: count }, (_, i) => i);
    expect(found()).toEqual(all);
    columns.publish();
    expect(found()).toEqual(all);
    columns.rest();
    expect(found()).toEqual(all);
    expect(columns.find(labelsOf(count), hash(labelsOf(count)))).toBeUndefined();
    // Another series of the same hash.
    expect(columns.find(labelsOf(1), hash(labelsOf(0)))).toBeUndefined();
  },
);

test("a new line of a large target takes no longer because it has many", () => {
  const columns = filledColumns(5_000);
  columns.rest();
  const labels = labelsOf(5_000);
  const own = hash(labels);
  using hashes = spyOn(Bun, "hash");
  expect(columns.find(labels, own)).toBeUndefined();
  columns.add(labels, own);
  expect(hashes).not.toHaveBeenCalled();
});
