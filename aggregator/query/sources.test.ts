import { expect, test } from "bun:test";
import type { LaneId } from "#proto/bus/agent_port.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { setStale, wordsOf } from "#shared/model/special_values.ts";
import { createHead } from "../head/head.ts";
import type { BlockView } from "../read/store.ts";
import type { LogPart } from "../read/log_parts.ts";
import { sliceOf } from "../read/record_slices.ts";
import type { LogRecord, SeriesSamples } from "../read/source.ts";
import { createPromqlEngine, PromqlConfig } from "./promql/engine.ts";
import { createSources } from "./sources.ts";
import { foundSeries } from "../blocks/series/found_series.fixture.ts";

const lane: LaneId = { tenant: "acme", agent: "host-1", signal: "metrics" };
const nowMs = 1_700_000_000_000;
const up = { __name__: "up", job: "a" };
const down = { __name__: "down" };
const request = { tenant: "acme", startMs: 0, endMs: 1_000 };
const everything = { ...request, matchers: [], samplesMax: 100 };

function samples(labels: Labels, ...given: [number, number][]): SeriesSamples {
  return {
    labels,
    timestampsMs: Float64Array.from(given, ([ms]) => ms),
    values: Float64Array.from(given, ([, value]) => value),
  };
}

function record(ms: number, body: string): LogRecord {
  return { timestampNs: BigInt(ms) * 1_000_000n, stream: { app: "a" }, body, severity: 0 };
}

async function later<Value>(value: Value): Promise<Value> {
  await Promise.resolve();
  return value;
}

/** Blocks that hold what they are given, and answer a turn later, as real ones do. */
function blocksOf(content: { metrics?: SeriesSamples[]; logs?: LogRecord[] }): BlockView {
  const { metrics = [], logs = [] } = content;
  return {
    blocks: [],
    withFiles: (_blocks, _reader, use) => use([], []),
    files: () => later({ paths: [], release: () => {} }),
    metrics: {
      select: () => later(metrics),
      exemplars: () => later([]),
      series: () => later(foundSeries(...metrics.map(({ labels }) => labels))),
    },
    logs: {
      select: ({ direction, limit }) =>
        later((direction === "forward" ? logs : logs.toReversed()).slice(0, limit)),
      parts: () => (logs.length === 0 ? [] : [partOf(logs)]),
      eachStream: async (_, visit) => {
        if (logs.length > 0) visit(await later({ app: "a" }));
      },
    },
  };
}

function partOf(records: readonly LogRecord[]): LogPart {
  const slice = sliceOf(records);
  const nsOf = (row: number) => records[row]?.timestampNs ?? 0n;
  const timesMs = slice.batch.timestampsMs;
  return {
    minMs: Math.min(...timesMs),
    maxMs: Math.max(...timesMs),
    items: records.length,
    async *slices({ startNs, endNs }) {
      const rows = slice.rows.filter((row) => nsOf(row) >= startNs && nsOf(row) < endNs);
      yield await later({ batch: slice.batch, rows });
    },
  };
}

function headOf(...rows: [number, number][]) {
  const head = createHead();
  const schema = { series: [up] };
  const decoded = rows.map(([timestampMs, value]) => ({
    schema,
    timestampMs,
    values: Float64Array.of(value),
    items: 1,
  }));
  head.appendMetrics(lane, { rows: decoded, sparse: [], families: [] }, nowMs);
  return head;
}

function plain(series: readonly SeriesSamples[]) {
  return series.map(({ labels, timestampsMs, values }) => ({
    labels,
    samples: Array.from(timestampsMs, (ms, i) => [ms, values[i]]),
  }));
}

test("begin() takes its view at once: what comes or is committed before it is read is in none of those begun together", async () => {
  const head = headOf([20, 2]);
  let view = blocksOf({ metrics: [samples(up, [10, 1])] });
  const { metrics } = createSources(
    head,
    () => view,
    () => [],
  );
  const begun = [metrics.begin?.(everything), metrics.begin?.(everything)];
  const schema = { series: [up] };
  const rows = [{ schema, timestampMs: 30, values: Float64Array.of(3), items: 1 }];
  const answers: unknown[] = [];
  for (const selection of begun) {
    expect(selection?.heldSamples).toBe(1);
    answers.push(plain((await selection?.read(100)) ?? []));
    head.appendMetrics(lane, { rows, sparse: [], families: [] }, nowMs);
    view = blocksOf({ metrics: [samples(down, [5, 5])] });
  }
  const both = {
    labels: up,
    samples: [
      [10, 1],
      [20, 2],
    ],
  };
  expect(answers).toEqual([[both], [both]]);
});

test("the selectors of one PromQL query see one state, whatever arrives while blocks are read", async () => {
  const head = headOf([20, 2]);
  const none = blocksOf({});
  let atMs = 20;
  const arriving: BlockView = {
    ...none,
    metrics: {
      ...none.metrics,
      select: (asked) => {
        atMs += 10;
        const values = Float64Array.of(atMs);
        const rows = [{ schema: { series: [up] }, timestampMs: atMs, values, items: 1 }];
        head.appendMetrics(lane, { rows, sparse: [], families: [] }, nowMs);
        return none.metrics.select(asked);
      },
    },
  };
  const { metrics } = createSources(
    head,
    () => arriving,
    () => [],
  );
  const engine = createPromqlEngine(metrics, PromqlConfig.parse({}));
  const query = "max_over_time(up[5s]) - last_over_time(up[4s])";
  const { data } = await engine.instant(query, { tenant: "acme", timeMs: 1_000 });
  expect(data).toMatchObject({ resultType: "vector", series: [{ value: 0 }] });
  expect(atMs).toBe(40);
});

test("select() joins a series of blocks and head, each time once, sorted by labels", async () => {
  const view = blocksOf({ metrics: [samples(down, [5, 5]), samples(up, [10, 1], [30, 3])] });
  const { metrics } = createSources(
    headOf([20, 2], [30, 99], [40, 4]),
    () => view,
    () => [],
  );
  expect(plain(await metrics.select(everything))).toEqual([
    { labels: down, samples: [[5, 5]] },
    {
      labels: up,
      samples: [
        [10, 1],
        [20, 2],
        [30, 3],
        [40, 4],
      ],
    },
  ]);
});

test("select() keeps the bits of stale markers through a merge out of order", async () => {
  const before = samples(up, [10, 0], [30, 3]);
  setStale(wordsOf(before.values), 0);
  const { metrics } = createSources(
    headOf([20, 2]),
    () => blocksOf({ metrics: [before] }),
    () => [],
  );
  const [merged] = await metrics.select(everything);
  const words = wordsOf(merged?.values ?? new Float64Array(1));
  expect([words[0], words[1]]).toEqual([2, 0x7ff0_0000]);
  expect(merged?.timestampsMs).toEqual(Float64Array.of(10, 20, 30));
});

test("select() refuses what is over samplesMax only when taken together", async () => {
  const view = blocksOf({ metrics: [samples(up, [10, 1], [20, 2])] });
  const { metrics } = createSources(
    headOf([30, 3], [40, 4]),
    () => view,
    () => [],
  );
  expect(await metrics.select({ ...everything, samplesMax: 4 })).toHaveLength(1);
  const refused = metrics.select({ ...everything, samplesMax: 3 });
  expect(await refused.catch((error: unknown) => error)).toMatchObject({ code: "overloaded" });
});

test("select() sees a commit that happens while it waits neither twice nor not at all", async () => {
  const head = headOf([10, 1]);
  let view = blocksOf({});
  const { metrics } = createSources(
    head,
    () => view,
    () => [],
  );
  const asked = metrics.select(everything);
  view = blocksOf({ metrics: [samples(up, [10, 1])] });
  const frozen = head.freeze("all");
  head.release();
  await frozen;
  const samplesOfUp = [{ labels: up, samples: [[10, 1]] }];
  expect(plain(await asked)).toEqual(samplesOfUp);
  expect(plain(await metrics.select(everything))).toEqual(samplesOfUp);
});

test("select() of a cancelled request throws OperatingError(cancelled)", async () => {
  const controller = new AbortController();
  const { metrics } = createSources(
    headOf([10, 1]),
    () => blocksOf({}),
    () => [],
  );
  const asked = metrics.select({ ...everything, signal: controller.signal });
  controller.abort();
  const error = await asked.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OperatingError);
  expect(error).toMatchObject({ code: "cancelled" });
});

test("series, label names and values are those of blocks and head, sorted, once", async () => {
  const view = blocksOf({ metrics: [samples(up, [1, 1]), samples(down, [1, 1])] });
  const { metrics, logs } = createSources(
    headOf([20, 2]),
    () => view,
    () => [],
  );
  const all = { ...request, selectors: [] };
  expect(await metrics.series(all)).toEqual([down, up]);
  expect(await metrics.labelNames(all)).toEqual(["__name__", "job"]);
  expect(await metrics.labelValues("__name__", all)).toEqual(["down", "up"]);
  expect(await logs.labelNames(all)).toEqual([]);
});

test("metadata() gives each family as the head heard it last", async () => {
  const head = createHead();
  const family = { name: "up", type: "gauge", help: "old", unit: "" } as const;
  const other: MetricFamily = { ...family, name: "other" };
  const newer = { ...family, help: "new" };
  head.appendMetrics(lane, { rows: [], sparse: [], families: [newer] }, nowMs);
  const { metrics } = createSources(
    head,
    () => blocksOf({}),
    () => [family, other],
  );
  expect(await metrics.metadata("acme")).toEqual([newer, other]);
});

test("logs come in order of time, the block's first among equals, up to the limit", async () => {
  const head = createHead();
  const bodies = Buffer.from("h3h5");
  const batch = {
    streams: [{ app: "a" }],
    streamOf: Uint32Array.of(0, 0),
    timestampsMs: Float64Array.of(3, 5),
    nanos: Uint32Array.of(0, 0),
    severities: Uint8Array.of(0, 0),
    bodies: new Uint8Array(bodies),
    bodyEnds: Uint32Array.of(2, 4),
  };
  head.appendLogs({ ...lane, signal: "logs" }, batch, nowMs);
  const view = blocksOf({ logs: [record(1, "b1"), record(3, "b3"), record(4, "b4")] });
  const { logs } = createSources(
    head,
    () => view,
    () => [],
  );
  const select = async (direction: "forward" | "backward", limit: number) => {
    const span = { tenant: "acme", startNs: 0n, endNs: 10_000_000n };
    const found = await logs.select({ ...span, matchers: [], lineFilters: [], direction, limit });
    return found.map(({ body }) => body);
  };
  const forward = ["b1", "b3", "h3", "b4", "h5"];
  expect(await select("forward", 10)).toEqual(forward);
  expect(await select("backward", 10)).toEqual(forward.toReversed());
  expect(await select("forward", 2)).toEqual(["b1", "b3"]);
  expect(await select("backward", 3)).toEqual(["h5", "b4", "h3"]);
});
