import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics, DecodedSchema } from "#proto/codec/metrics.ts";
import { OperatingError } from "#shared/errors.ts";
import { sumDrops } from "#shared/model/account.ts";
import { type Labels, labelsKey, type Matcher, metricNameLabel } from "#shared/model/labels.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesSamples } from "../read/source.ts";
import type { Head, HeadContent } from "../read/head.ts";
import { seriesOfCut } from "./cut.fixture.ts";
import { createHead } from "./head.ts";

const nowMs = 1_700_000_000_000;
const lane: LaneId = { tenant: "acme", agent: "host-1", signal: "metrics" };
const lane2: LaneId = { ...lane, agent: "host-2" };

function schemaOf(...series: Labels[]): DecodedSchema {
  return { series };
}

function rows(schema: DecodedSchema, ...given: [number, ...number[]][]): DecodedMetrics {
  return {
    rows: given.map(([timestampMs, ...values]) => ({
      schema,
      timestampMs,
      values: Float64Array.from(values),
      items: values.length,
    })),
    sparse: [],
    families: [],
  };
}

/** A sample of every series at every time, its value the number of its column. */
function sparse(schema: DecodedSchema, times: readonly number[]): DecodedMetrics {
  const all = times.flatMap((ms) => schema.series.map((_, column) => ({ ms, column })));
  const samples = {
    columns: Uint32Array.from(all, ({ column }) => column),
    timestampsMs: Float64Array.from(all, ({ ms }) => ms),
    values: Float64Array.from(all, ({ column }) => column),
  };
  return { rows: [], sparse: [{ schema, samples }], families: [] };
}

function select(head: Head, matchers: Matcher[] = [], startMs = 0, endMs = nowMs, tenant = "acme") {
  return head.selectSamples({ tenant, matchers, startMs, endMs, samplesMax: 1_000_000 });
}

function plain(series: readonly SeriesSamples[]) {
  return series.map(({ labels, timestampsMs, values }) => ({
    labels,
    samples: Array.from(timestampsMs, (ms, i) => [ms, values[i]]),
  }));
}

function is(name: string, value: string, op: Matcher["op"] = "="): Matcher {
  return { name, op, value };
}

const up = { __name__: "up", job: "a" };
const down = { __name__: "down", job: "b" };

describe("head, metrics", () => {
  test("gives back rows as series, sorted by labels and time", () => {
    const head = createHead();
    const schema = schemaOf(up, down);
    head.appendMetrics(lane, rows(schema, [20, 1, 2], [10, 3, 4]), nowMs);
    expect(plain(select(head))).toEqual([
      {
        labels: down,
        samples: [
          [10, 4],
          [20, 2],
        ],
      },
      {
        labels: up,
        samples: [
          [10, 3],
          [20, 1],
        ],
      },
    ]);
    expect(plain(select(head, [is("job", "a")], 10, 19))).toEqual([
      { labels: up, samples: [[10, 3]] },
    ]);
    expect(select(head, [], 21, 30)).toEqual([]);
    expect(select(head, [], 0, nowMs, "other")).toEqual([]);
  });

  test("keeps the bits of every NaN but the absent one, which is no sample", async () => {
    const schema = schemaOf(up, down, { __name__: "x" });
    const values = new Float64Array(3);
    const words = wordsOf(values);
    setStale(words, 0);
    setAbsent(words, 1);
    words.set([0xdead_beef, 0xfff8_1234], 4);
    for (const freeze of [false, true]) {
      const head = createHead();
      const decoded = {
        rows: [{ schema, timestampMs: 5, values, items: 2 }],
        sparse: [
          {
            schema,
            samples: {
              columns: Uint32Array.of(0, 1, 2),
              timestampsMs: Float64Array.of(4, 4, 6),
              values,
            },
          },
        ],
        families: [],
      };
      head.appendMetrics(lane, decoded, nowMs);
      expect(head.size().items.of("metrics")).toBe(4);
      if (freeze) await head.freeze("all");
      // A second generation, so that joining both is seen too.
      head.appendMetrics(lane, rows(schema, [7, 1, 1, 1]), nowMs);
      const found = select(head, [], 0, 6);
      expect(found.map(({ labels }) => labels[metricNameLabel])).toEqual(["up", "x"]);
      const bits = found.map((s) => [...wordsOf(s.values.slice())]);
      expect(bits[0]).toEqual([2, 0x7ff0_0000, 2, 0x7ff0_0000]);
      expect(bits[1]).toEqual([0xdead_beef, 0xfff8_1234, 0xdead_beef, 0xfff8_1234]);
    }
  });

  test("holds a label set once, whatever schemas bring it, and takes the one that is held elsewhere", () => {
    const agents = { __name__: "down" };
    const heldLabels = ({ __name__: name }: Labels) => (name === "down" ? agents : undefined);
    const head = createHead({ heldLabels });
    const [first, second] = [schemaOf({ ...up }, { ...down }), schemaOf({ ...up }, { ...down })];
    const [kept] = first.series;
    for (const schema of [first, second]) head.appendMetrics(lane, rows(schema, [10, 1, 2]), nowMs);
    for (const { series } of [first, second]) {
      expect(series[0] === kept).toBe(true);
      expect(series[1] === agents).toBe(true);
    }
  });

  test("merges a series of two schemas; the first sample in stands, the other one is counted at freeze", async () => {
    const head = createHead();
    head.appendMetrics(lane, rows(schemaOf(up), [10, 1], [30, 3]), nowMs);
    head.appendMetrics(lane2, rows(schemaOf(down, up), [20, 0, 2], [30, 0, 99]), nowMs);
    const samples = [
      [10, 1],
      [20, 2],
      [30, 3],
    ];
    expect(plain(select(head, [is("__name__", "up")]))).toEqual([{ labels: up, samples }]);
    const { content, dropped } = await head.freeze("all");
    expect(plain(seriesOfCut(content.metrics.get("acme")?.samples))[1]).toEqual({
      labels: up,
      samples,
    });
    expect(dropped).toEqual([{ lane: lane2, drops: { duplicate_timestamp: 1 } }]);
    expect(head.size().series).toBe(2);
    expect(head.size().items.of("metrics")).toBe(5);
  });

  test("lets others run while it counts what many series have twice, and takes more meanwhile", async () => {
    const head = createHead();
    const series = Array.from({ length: 60_000 }, (_, i) => ({ __name__: "n", i: `${i}` }));
    const schema = schemaOf(...series);
    const times = [20, 10, 20];
    for (const ms of times) head.appendMetrics(lane, sparse(schema, [ms]), nowMs);
    let turns = 0;
    const counting = setInterval(() => turns++, 0);
    const frozen = head.freeze("all");
    head.appendMetrics(lane, sparse(schema, [30]), nowMs);
    const { content, dropped } = await frozen;
    clearInterval(counting);
    expect(turns).toBeGreaterThan(2);
    expect(content.metrics.get("acme")?.samples.items).toBe(2 * series.length);
    expect(dropped).toEqual([{ lane, drops: { duplicate_sample: series.length } }]);
    expect(head.size().items.of("metrics")).toBe(3 * series.length);
  });

  test("keeps sparse samples of many columns apart, in memory that earlier generations had", async () => {
    const head = createHead();
    const series = Array.from({ length: 300 }, (_, i) => ({ __name__: "n", i: `${i}` }));
    const schema = schemaOf(...series);
    // More than a piece of memory holds, and then fewer.
    for (const count of [100, 40, 1, 60]) {
      const times = Array.from({ length: count }, (_, i) => 1_000 - i);
      head.appendMetrics(lane, sparse(schema, times), nowMs);
      for (const freeze of [false, true]) {
        if (freeze) await head.freeze("all");
        const found = plain(select(head));
        expect(found).toHaveLength(300);
        for (const { labels, samples } of found)
          expect(samples).toEqual(times.toReversed().map((ms) => [ms, Number(labels["i"])]));
      }
      head.release();
    }
  });

  test("drops and counts what is too far ahead, and no time at all", () => {
    const head = createHead();
    const ahead = nowMs + 600_001;
    const decoded = rows(schemaOf(up, down), [ahead, 1, 2], [Number.NaN, 1, 2], [nowMs, 1, 2]);
    expect(head.appendMetrics(lane, decoded, nowMs)).toEqual({ out_of_bounds_timestamp: 4 });
    expect(head.size().items.of("metrics")).toBe(2);
  });

  test("answers from the frozen and the open generation as one, then from the open one", async () => {
    const head = createHead();
    const schema = { series: [up] };
    head.appendMetrics(lane, rows(schema, [10, 1], [20, 2]), nowMs);
    const { content } = await head.freeze("all");
    schema.series.push(down);
    head.appendMetrics(lane, rows(schema, [20, 7, 7], [15, 5, 5]), nowMs);
    expect(plain(select(head, [is("job", "a")]))).toEqual([
      {
        labels: up,
        samples: [
          [10, 1],
          [15, 5],
          [20, 2],
        ],
      },
    ]);
    expect(plain(seriesOfCut(content.metrics.get("acme")?.samples))).toEqual([
      {
        labels: up,
        samples: [
          [10, 1],
          [20, 2],
        ],
      },
    ]);
    head.release();
    expect(plain(select(head, [is("job", "a")]))).toEqual([
      {
        labels: up,
        samples: [
          [15, 5],
          [20, 7],
        ],
      },
    ]);
    expect((await head.freeze("all")).content.metrics.get("acme")?.samples).toMatchObject({
      size: 2,
      items: 4,
    });
    head.release();
    expect(head.size()).toMatchObject({ series: 0, bytes: 0 });
    expect(head.size().items.all).toEqual([0, 0]);
  });

  test("matches as Prometheus does: a missing label is the empty text, expressions are anchored", () => {
    const head = createHead();
    const plainUp = { __name__: "up" };
    head.appendMetrics(lane, rows(schemaOf(up, down, plainUp), [1, 1, 1, 1]), nowMs);
    const found = (...matchers: Matcher[]) =>
      select(head, matchers).map(({ labels }) => labelsKey(labels));
    const keys = [down, plainUp, up].map(labelsKey);
    const [ofDown, ofPlain, ofUp] = keys;
    expect(found(is("job", ""))).toEqual([ofPlain ?? ""]);
    expect(found(is("job", "", "!="))).toEqual([ofDown ?? "", ofUp ?? ""]);
    expect(found(is("job", ".*", "=~"))).toHaveLength(3);
    expect(found(is("job", "|a", "=~"))).toHaveLength(2);
    expect(found(is("job", ".+", "=~"))).toHaveLength(2);
    expect(found(is("job", ".+", "!~"))).toEqual([ofPlain ?? ""]);
    expect(found(is("__name__", "u", "=~"))).toEqual([]);
    expect(found(is("__name__", "u.", "=~"), is("job", "a", "!="))).toEqual([ofPlain ?? ""]);
    expect(found(is("none", "x"))).toEqual([]);
    expect(() => found(is("job", "(", "=~"))).toThrow(OperatingError);
    const seen = (selectors: Matcher[][], startMs: number, endMs: number) => {
      const keysSeen = new Set<string>();
      const request = { tenant: "acme", selectors, startMs, endMs };
      head.eachSeries(request, (labels) => void keysSeen.add(labelsKey(labels)));
      return keysSeen;
    };
    const either = [[is("job", "a")], [is("__name__", "up")]];
    expect(seen(either, 1, 1)).toEqual(new Set([plainUp, up].map(labelsKey)));
    expect(seen([], 2, 9)).toEqual(new Set());
  });

  test("refuses an answer over samplesMax", () => {
    const head = createHead();
    head.appendMetrics(lane, rows(schemaOf(up, down), [1, 1, 1], [2, 1, 1]), nowMs);
    const request = { tenant: "acme", matchers: [], startMs: 0, endMs: 9 };
    expect(head.selectSamples({ ...request, samplesMax: 4 })).toHaveLength(2);
    expect(() => head.selectSamples({ ...request, samplesMax: 3 })).toThrow(OperatingError);
  });

  test("remembers each metric family as it came last", async () => {
    const head = createHead();
    const family = { name: "up", type: "gauge", help: "old", unit: "" } as const;
    head.appendMetrics(lane, { rows: [], sparse: [], families: [family] }, nowMs);
    await head.freeze("all");
    const newer = { ...family, help: "new" };
    head.appendMetrics(lane, { rows: [], sparse: [], families: [newer] }, nowMs);
    expect(head.families("acme")).toEqual([newer]);
    expect(head.families("other")).toEqual([]);
  });

  test("stores or counts every sample that was appended, whatever order and overlap they have", async () => {
    const append = fc.record({
      schema: fc.integer({ min: 0, max: 2 }),
      times: fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 20 }),
      freeze: fc.boolean(),
      sparse: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(append, { maxLength: 12 }), async (appends) => {
        const head = createHead();
        const schemas = [schemaOf(up, down), schemaOf(down), schemaOf({ __name__: "z" }, up)];
        let appended = 0;
        let accounted = 0;
        const take = ({ content, dropped }: HeadContent) => {
          const cut = content.metrics.get("acme")?.samples;
          const before = accounted;
          for (const { timestampsMs } of seriesOfCut(cut)) {
            expect([...timestampsMs]).toEqual([...new Set(timestampsMs)].toSorted((a, b) => a - b));
            accounted += timestampsMs.length;
          }
          expect(accounted - before).toBe(cut?.items ?? 0);
          for (const { drops } of dropped) accounted += sumDrops(drops);
          head.release();
        };
        for (const { schema, times, freeze, sparse: isSparse } of appends) {
          const of = schemas[schema] ?? schemaOf();
          const values = of.series.map((_, i) => i);
          const given = times.map((ms): [number, ...number[]] => [ms, ...values]);
          head.appendMetrics(lane, isSparse ? sparse(of, times) : rows(of, ...given), nowMs);
          appended += times.length * of.series.length;
          if (freeze) take(await head.freeze("all"));
        }
        take(await head.freeze("all"));
        expect(accounted).toBe(appended);
      }),
    );
  });
});
