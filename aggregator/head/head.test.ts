import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics, DecodedSchema } from "#proto/codec/metrics.ts";
import { OperatingError } from "#shared/errors.ts";
import { sumDrops } from "#shared/model/account.ts";
import { type Labels, labelsKey, type Matcher, metricNameLabel } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { LineFilter, SeriesSamples } from "../query/source.ts";
import type { Head, HeadContent } from "./contract.ts";
import { createHead } from "./head.ts";

const nowMs = 1_700_000_000_000;
const lane: LaneId = { tenant: "acme", agent: "host-1", signal: "metrics" };
const lane2: LaneId = { ...lane, agent: "host-2" };
const logLane: LaneId = { ...lane, signal: "logs" };

function schemaOf(...series: Labels[]): DecodedSchema {
  return { series };
}

function rows(schema: DecodedSchema, ...given: [number, ...number[]][]): DecodedMetrics {
  return {
    rows: given.map(([timestampMs, ...values]) => ({
      schema,
      timestampMs,
      values: Float64Array.from(values),
    })),
    sparse: [],
    families: [],
  };
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

  test("keeps the bits of every NaN but the absent one, which is no sample", () => {
    const schema = schemaOf(up, down, { __name__: "x" });
    const values = new Float64Array(3);
    const words = wordsOf(values);
    setStale(words, 0);
    setAbsent(words, 1);
    words.set([0xdead_beef, 0xfff8_1234], 4);
    for (const freeze of [false, true]) {
      const head = createHead();
      const decoded = {
        rows: [{ schema, timestampMs: 5, values }],
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
      expect(head.size().samples).toBe(4);
      if (freeze) head.freeze();
      // A second generation, so that joining both is seen too.
      head.appendMetrics(lane, rows(schema, [7, 1, 1, 1]), nowMs);
      const found = select(head, [], 0, 6);
      expect(found.map(({ labels }) => labels[metricNameLabel])).toEqual(["up", "x"]);
      const bits = found.map((s) => [...wordsOf(s.values.slice())]);
      expect(bits[0]).toEqual([2, 0x7ff0_0000, 2, 0x7ff0_0000]);
      expect(bits[1]).toEqual([0xdead_beef, 0xfff8_1234, 0xdead_beef, 0xfff8_1234]);
    }
  });

  test("merges a series of two schemas; the first sample in stands, the other one is counted at freeze", () => {
    const head = createHead();
    head.appendMetrics(lane, rows(schemaOf(up), [10, 1], [30, 3]), nowMs);
    head.appendMetrics(lane2, rows(schemaOf(down, up), [20, 0, 2], [30, 0, 99]), nowMs);
    const samples = [
      [10, 1],
      [20, 2],
      [30, 3],
    ];
    expect(plain(select(head, [is("__name__", "up")]))).toEqual([{ labels: up, samples }]);
    const { metrics, dropped } = head.freeze();
    expect(plain(metrics.get("acme") ?? [])[1]).toEqual({ labels: up, samples });
    expect(dropped).toEqual([{ lane: lane2, drops: { duplicate_sample: 1 } }]);
    expect(head.size()).toMatchObject({ samples: 5, series: 2 });
  });

  test("drops and counts what is too far ahead, and no time at all", () => {
    const head = createHead();
    const ahead = nowMs + 600_001;
    const decoded = rows(schemaOf(up, down), [ahead, 1, 2], [Number.NaN, 1, 2], [nowMs, 1, 2]);
    expect(head.appendMetrics(lane, decoded, nowMs)).toEqual({ out_of_bounds_timestamp: 4 });
    expect(head.size().samples).toBe(2);
  });

  test("answers from the frozen and the open generation as one, then from the open one", () => {
    const head = createHead();
    const schema = { series: [up] };
    head.appendMetrics(lane, rows(schema, [10, 1], [20, 2]), nowMs);
    const content = head.freeze();
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
    expect(plain(content.metrics.get("acme") ?? [])).toEqual([
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
    expect(head.freeze().metrics.get("acme")).toHaveLength(2);
    head.release();
    expect(head.size()).toMatchObject({ samples: 0, series: 0, bytes: 0 });
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
    const series = head.metricSeries({
      tenant: "acme",
      selectors: [[is("job", "a")], [is("__name__", "up")]],
      startMs: 1,
      endMs: 1,
    });
    expect(series).toEqual([plainUp, up]);
    expect(head.metricSeries({ tenant: "acme", selectors: [], startMs: 2, endMs: 9 })).toEqual([]);
  });

  test("refuses an answer over samplesMax", () => {
    const head = createHead();
    head.appendMetrics(lane, rows(schemaOf(up, down), [1, 1, 1], [2, 1, 1]), nowMs);
    const request = { tenant: "acme", matchers: [], startMs: 0, endMs: 9 };
    expect(head.selectSamples({ ...request, samplesMax: 4 })).toHaveLength(2);
    expect(() => head.selectSamples({ ...request, samplesMax: 3 })).toThrow(OperatingError);
  });

  test("remembers each metric family as it was last told", () => {
    const head = createHead();
    const family = { name: "up", type: "gauge", help: "old", unit: "" } as const;
    head.appendMetrics(lane, { rows: [], sparse: [], families: [family] }, nowMs);
    head.freeze();
    const newer = { ...family, help: "new" };
    head.appendMetrics(lane, { rows: [], sparse: [], families: [newer] }, nowMs);
    expect(head.families("acme")).toEqual([newer]);
    expect(head.families("other")).toEqual([]);
  });

  test("stores or counts every sample that was appended, whatever order and overlap they have", () => {
    const append = fc.record({
      schema: fc.integer({ min: 0, max: 2 }),
      times: fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 20 }),
      freeze: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(append, { maxLength: 12 }), (appends) => {
        const head = createHead();
        const schemas = [schemaOf(up, down), schemaOf(down), schemaOf({ __name__: "z" }, up)];
        let appended = 0;
        let accounted = 0;
        const take = ({ metrics, dropped }: HeadContent) => {
          for (const { timestampsMs } of metrics.get("acme") ?? []) {
            expect([...timestampsMs]).toEqual([...new Set(timestampsMs)].toSorted((a, b) => a - b));
            accounted += timestampsMs.length;
          }
          for (const { drops } of dropped) accounted += sumDrops(drops);
          head.release();
        };
        for (const { schema, times, freeze } of appends) {
          const of = schemas[schema] ?? schemaOf();
          const values = of.series.map((_, i) => i);
          const given = times.map((ms): [number, ...number[]] => [ms, ...values]);
          head.appendMetrics(lane, rows(of, ...given), nowMs);
          appended += times.length * of.series.length;
          if (freeze) take(head.freeze());
        }
        take(head.freeze());
        expect(accounted).toBe(appended);
      }),
    );
  });
});

type Line = [ms: number, nanos: number, stream: Labels, body: string];

function logs(...lines: Line[]): LogsBatch {
  const streams = [...new Set(lines.map(([, , stream]) => stream))];
  const bodies = lines.map(([, , , body]) => Buffer.from(body));
  let end = 0;
  return {
    streams,
    streamOf: Uint32Array.from(lines, ([, , stream]) => streams.indexOf(stream)),
    timestampsMs: Float64Array.from(lines, ([ms]) => ms),
    nanos: Uint32Array.from(lines, ([, nanos]) => nanos),
    severities: Uint8Array.from(lines, () => 9),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
    attributes: lines.map(([, , , body]) => (body === "" ? undefined : { size: `${body.length}` })),
  };
}

function bodiesOf(
  head: Head,
  lineFilters: LineFilter[] = [],
  fields: Partial<Parameters<Head["selectLogs"]>[0]> = {},
) {
  return head
    .selectLogs({
      tenant: "acme",
      matchers: [],
      lineFilters,
      startNs: 0n,
      endNs: 1_000_000_000n,
      limit: 100,
      direction: "forward",
      ...fields,
    })
    .map(({ body }) => body);
}

describe("head, logs", () => {
  const a = { app: "a" };
  const b = { app: "b" };
  const filled = () => {
    const head = createHead();
    head.appendLogs(logLane, logs([5, 1, a, "foo bar"], [5, 0, b, "ba"], [9, 0, a, "r"]), nowMs);
    head.freeze();
    head.appendLogs(logLane, logs([7, 0, b, "bar foo"], [5, 1, a, "same time"]), nowMs);
    return head;
  };
  test("come back in order of time from both generations, up to the limit", () => {
    const head = filled();
    const forward = ["ba", "foo bar", "same time", "bar foo", "r"];
    expect(bodiesOf(head)).toEqual(forward);
    expect(bodiesOf(head, [], { direction: "backward" })).toEqual(forward.toReversed());
    expect(bodiesOf(head, [], { limit: 2 })).toEqual(forward.slice(0, 2));
    expect(bodiesOf(head, [], { limit: 2, direction: "backward" })).toEqual(["r", "bar foo"]);
    expect(bodiesOf(head, [], { tenant: "other" })).toEqual([]);
    head.release();
    expect(bodiesOf(head)).toEqual(["same time", "bar foo"]);
  });

  test("are bounded by start, inclusive, and end, exclusive, to the nanosecond", () => {
    const head = filled();
    expect(bodiesOf(head, [], { startNs: 5_000_001n, endNs: 7_000_000n })).toEqual([
      "foo bar",
      "same time",
    ]);
    expect(bodiesOf(head, [], { startNs: 5_000_002n, endNs: 7_000_001n })).toEqual(["bar foo"]);
  });

  test("carry stream, severity, attributes and the whole time", () => {
    const head = filled();
    const [record] = head.selectLogs({
      tenant: "acme",
      matchers: [is("app", "a", "=~")],
      lineFilters: [],
      startNs: 0n,
      endNs: 10_000_000n,
      limit: 1,
      direction: "forward",
    });
    expect(record).toEqual({
      timestampNs: 5_000_001n,
      stream: a,
      body: "foo bar",
      severity: 9,
      attributes: { size: "7" },
    });
  });

  test("are filtered by what a line holds, never across two lines", () => {
    const head = filled();
    expect(bodiesOf(head, [{ op: "|=", values: ["bar"] }])).toEqual(["foo bar", "bar foo"]);
    expect(bodiesOf(head, [{ op: "|=", values: ["bar", "same"] }])).toHaveLength(3);
    expect(bodiesOf(head, [{ op: "!=", values: ["bar", "same"] }])).toEqual(["ba", "r"]);
    expect(bodiesOf(head, [{ op: "|~", values: ["^b", "r$"] }])).toEqual([
      "ba",
      "foo bar",
      "bar foo",
      "r",
    ]);
    expect(
      bodiesOf(head, [
        { op: "!~", values: ["o"] },
        { op: "|=", values: ["a"] },
      ]),
    ).toEqual(["ba", "same time"]);
    expect(bodiesOf(head, [{ op: "|=", values: [""] }])).toHaveLength(5);
  });

  test("agree with a plain search, whatever the lines and the needle are", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), text, (lines, needle) => {
        const head = createHead();
        head.appendLogs(logLane, logs(...lines.map((l, i): Line => [i, 0, a, l])), nowMs);
        const want = lines.filter((line) => line.includes(needle));
        expect(bodiesOf(head, [{ op: "|=", values: [needle] }])).toEqual(want);
      }),
    );
  });

  test("list their streams; records too far ahead are dropped and counted", () => {
    const head = filled();
    const request = { tenant: "acme", selectors: [], startMs: 0, endMs: 6 };
    expect(head.logSeries(request)).toEqual([a, b]);
    expect(head.logSeries({ ...request, selectors: [[is("app", "b")]] })).toEqual([b]);
    expect(head.logSeries({ ...request, startMs: 8, endMs: 9 })).toEqual([a]);
    const batch = logs([1, 0, a, "kept"], [nowMs + 600_001, 0, a, "not"], [2, 0, b, "kept too"]);
    expect(head.appendLogs(logLane, batch, nowMs)).toEqual({ out_of_bounds_timestamp: 1 });
    expect(bodiesOf(head)).toContain("kept too");
    expect(head.size().records).toBe(7);
  });
});
