import { expect, test } from "bun:test";
import { PagedList } from "./paged_list.ts";

test("PagedList has the items of a list in their order, over several pages", () => {
  for (const length of [0, 1, 4_095, 4_096, 4_097, 10_000]) {
    const items = Array.from({ length }, (_, i) => `item ${i}`);
    const list = new PagedList<string>();
    for (const [i, item] of items.entries()) expect(list.push(item)).toBe(i);
    expect(list.length).toBe(length);
    expect([...list]).toEqual(items);
    expect([...list.entries()]).toEqual([...items.entries()]);
    expect(list.at(length - 1)).toBe(items.at(-1));
    expect(list.at(length)).toBeUndefined();
  }
});
