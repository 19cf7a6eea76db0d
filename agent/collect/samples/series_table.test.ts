import { expect, test } from "bun:test";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import { array, assert, boolean, property } from "fast-check";
import { counter, gauge } from "./family.ts";
import { addHistogram, bucketOf, histogram } from "./histogram.ts";
import { SeriesTable } from "./series_table.ts";

const load = gauge("load", "Load.");
const bytes = counter("bytes_total", "Bytes.", ["device", "kind"]);

function shown(values: Float64Array): (number | "stale" | "absent")[] {
  const words = wordsOf(values);
  return [...values].map((value, i) => {
    if (isAbsent(words, i)) return "absent";
    return isStale(words, i) ? "stale" : value;
  });
}

test("SeriesTable keeps one schema, and leaves empty labels out", () => {
  const table = new SeriesTable({ job: "node" }, 10);
  table.begin();
  table.add(load, 1);
  table.add(bytes, 2, "eth0", "");
  const first = table.finish(1_000);
  table.begin();
  table.add(bytes, 3, "eth0", "");
  table.add(load, 4);
  const second = table.finish(2_000);
  expect(second.schema).toBe(first.schema);
  expect(first.schema.series).toEqual([
    { __name__: "load", job: "node" },
    { __name__: "bytes_total", job: "node", device: "eth0" },
  ]);
  expect(first.schema.families).toEqual([
    { name: "load", type: "gauge", help: "Load.", unit: "" },
    { name: "bytes_total", type: "counter", help: "Bytes.", unit: "" },
  ]);
  expect(shown(first.row.values)).toEqual([1, 2]);
  expect(shown(second.row.values)).toEqual([4, 3]);
  expect(second.row.timestampMs).toBe(2_000);
});

test("SeriesTable marks a series that vanished as stale once, then absent", () => {
  const table = new SeriesTable({}, 10);
  const rows = [true, false, false, true].map((isThere, i) => {
    table.begin();
    table.add(load, i);
    if (isThere) table.add(bytes, i, "eth0", "a");
    return shown(table.finish(i).row.values);
  });
  expect(rows).toEqual([
    [0, 0],
    [1, "stale"],
    [2, "absent"],
    [3, 3],
  ]);
});

test("SeriesTable tells the metadata of a histogram once, under its own name; buckets count what is below", () => {
  const table = new SeriesTable({}, 200);
  const sizes = histogram("sizes_bytes", "Sizes.", [1, 10], ["queue"]);
  const counts = new Uint32Array(3);
  for (const size of [0.5, 1, 5, 11])
    counts[bucketOf(sizes, size)] = (counts[bucketOf(sizes, size)] ?? 0) + 1;
  for (let tick = 0; tick < 3; tick++) {
    table.begin();
    addHistogram(table, sizes, counts, 17.5, "active");
    // The second tick has few of many series, so the third begins a new schema.
    if (tick === 0) for (let i = 0; i < 100; i++) table.add(bytes, i, `d${i}`, "x");
    const { schema, row } = table.finish(tick);
    expect(schema.families[0]).toEqual({
      name: "sizes_bytes",
      type: "histogram",
      help: "Sizes.",
      unit: "",
    });
    expect(schema.families.filter(({ name }) => name === "sizes_bytes")).toHaveLength(1);
    expect(shown(row.values).slice(0, 5)).toEqual([2, 3, 4, 4, 17.5]);
    expect(schema.series[2]).toEqual({
      __name__: "sizes_bytes_bucket",
      queue: "active",
      le: "+Inf",
    });
  }
});

test("SeriesTable refuses series beyond its limit, and counts the samples", () => {
  const table = new SeriesTable({}, 2);
  for (let tick = 0; tick < 2; tick++) {
    table.begin();
    for (const device of ["a", "b", "c", "d"]) table.add(bytes, 1, device, "x");
    const { refused, row } = table.finish(tick);
    expect(refused).toBe(2);
    expect(shown(row.values)).toEqual([1, 1]);
  }
});

test("SeriesTable makes a new schema when over half of its columns are absent", () => {
  const table = new SeriesTable({}, 5_000);
  const tick = (devices: number) => {
    table.begin();
    for (let i = 0; i < devices; i++) table.add(bytes, i, `d${i}`, "x");
    return table.finish(0);
  };
  const wide = tick(3_000);
  expect(shown(wide.row.values)[2_999]).toBe(2_999);
  const stale = tick(100);
  expect(stale.schema).toBe(wide.schema);
  expect(shown(stale.row.values).filter((value) => value === "stale")).toHaveLength(2_900);
  const narrow = tick(99);
  expect(narrow.schema.series).toHaveLength(100);
  expect(shown(narrow.row.values)[99]).toBe("stale");
  expect(shown(narrow.row.values)[98]).toBe(98);
});

test("SeriesTable ends every series with one stale marker, whatever comes and goes", () => {
  const ticks = array(array(boolean(), { minLength: 200, maxLength: 200 }), { maxLength: 8 });
  assert(
    property(ticks, (presence) => {
      const table = new SeriesTable({}, 500);
      let before: readonly boolean[] = [];
      for (const [tick, present] of presence.entries()) {
        table.begin();
        present.forEach((isThere, i) => {
          // The later ticks are sparse, so that schemas are made anew.
          if (isThere && (tick < 2 || i < 40)) table.add(bytes, i, String(i), "x");
        });
        const { schema, row } = table.finish(tick);
        const values = shown(row.values);
        const found = new Map(schema.series.map(({ device }, i) => [device, values[i]]));
        const now = present.map((isThere, i) => isThere && (tick < 2 || i < 40));
        now.forEach((isThere, i) => {
          const value = found.get(String(i)) ?? "absent";
          if (isThere) expect(value).toBe(i);
          else expect(value).toBe(before[i] === true ? "stale" : "absent");
        });
        before = now;
      }
    }),
    { numRuns: 30 },
  );
});
