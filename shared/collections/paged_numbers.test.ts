import { expect, test } from "bun:test";
import { PagedNumbers } from "./paged_numbers.ts";

test("PagedNumbers has the numbers of a list in their order, over several pages", () => {
  for (const length of [0, 1, 4_095, 4_096, 4_097, 10_000]) {
    const list = new PagedNumbers((size) => new Float64Array(size));
    const values = Array.from({ length }, (_, i) => i / 4 + 1);
    for (const value of values) list.push(value);
    expect(values.map((_, i) => list.at(i))).toEqual(values);
    expect(list.at(length)).toBe(0);
  }
});
