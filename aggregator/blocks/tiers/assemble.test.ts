import { expect, test } from "bun:test";
import { JoinedColumns } from "./assemble.ts";

const cut = (piece: number, begin: number, end: number, picks?: number[]) => ({
  piece,
  begin,
  end,
  picks: picks === undefined ? undefined : Uint32Array.from(picks),
});
const [a, b, c] = [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6), Float64Array.of(7, 8, 9)];

test("JoinedColumns gives one array for the same parts cut in the same way, and for no others", () => {
  const joins = new JoinedColumns();
  const cuts = [cut(0, 1, 3), cut(1, 0, 3, [0, 2])];
  const whole = joins.join(cuts, 4, [a, b]);
  expect(whole).toEqual(Float64Array.of(2, 3, 4, 6));
  expect(joins.join(cuts, 4, [a, b])).toBe(whole);
  expect(joins.join(cuts, 4, [a, c])).toEqual(Float64Array.of(2, 3, 7, 9));
  expect(joins.join([cut(0, 0, 3), cut(1, 0, 3)], 6, [a, b])).toEqual(
    Float64Array.of(1, 2, 3, 4, 5, 6),
  );
  expect(joins.join([cut(0, 1, 2)], 1, [a])).toEqual(Float64Array.of(2));
});
