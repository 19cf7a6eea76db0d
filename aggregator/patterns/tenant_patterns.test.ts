import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import { templateOfText, unmined } from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import type { PatternRecord } from "../read/store.ts";
import { PatternsConfig } from "./config.ts";
import { TenantPatterns } from "./tenant_patterns.ts";

const startMs = 1_790_000_000_000;
const interval = 15_000;
const minute = 60_000;

/** Lines by the text of their template; undefined for one that has none. */
type Line = {
  readonly template: string | undefined;
  readonly app?: string;
  readonly severity?: number;
  readonly atMs?: number;
};

function batchOf(lines: readonly Line[], atMs: number): LogsBatch {
  const texts = [...new Set(lines.flatMap(({ template }) => template ?? []))];
  const apps = [...new Set(lines.map(({ app = "a" }) => app))];
  const bodies = lines.map(({ template }) => Buffer.from(`line of ${template}`));
  let end = 0;
  return {
    streams: apps.map((app) => ({ app, host: "h" })),
    streamOf: Uint32Array.from(lines, ({ app = "a" }) => apps.indexOf(app)),
    timestampsMs: Float64Array.from(lines, (line) => line.atMs ?? atMs),
    nanos: new Uint32Array(lines.length).fill(7),
    severities: Uint8Array.from(lines, ({ severity = 9 }) => severity),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
    mined: {
      templates: texts.map(templateOfText),
      templateOf: Uint32Array.from(lines, ({ template }) =>
        template === undefined ? unmined : texts.indexOf(template),
      ),
      variableLengths: new Uint32Array(),
    },
  };
}

/** Patterns with a clock, whose commits survive, and whose other doings do not. */
class World {
  nowMs = startMs;
  /** Samples by series, in the order of their times. */
  readonly samples = new Map<string, [number, number][]>();
  readonly events: { kind: string; text: string; attributes: Record<string, string> }[] = [];
  readonly #config: PatternsConfig;
  readonly #records = new Map<string, PatternRecord>();
  #state: string | undefined;
  #taken: (readonly Line[])[] = [];
  #committed = new Map<string, [number, number][]>();
  patterns: TenantPatterns;

  constructor(config: Record<string, unknown> = {}) {
    this.#config = PatternsConfig.parse(config);
    this.patterns = this.#open();
  }

  restart(): void {
    this.patterns = this.#open();
  }

  /** The head is gone with all that was not committed, and its frames come again. */
  crash(): void {
    this.samples.clear();
    for (const [key, samples] of this.#committed) this.samples.set(key, [...samples]);
    const again = this.#taken;
    this.#taken = [];
    this.restart();
    for (const lines of again) this.take(lines);
  }

  take(lines: readonly Line[], isBacklog = false): void {
    this.#taken.push(lines);
    this.patterns.arrived(batchOf(lines, this.nowMs), this.nowMs, isBacklog);
  }

  /** Time goes by, and what is due is stored. */
  wait(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs = Math.min(end, this.nowMs + interval);
      this.due();
    }
  }

  due(): void {
    const { metrics, logs } = this.patterns.due(this.nowMs);
    for (const decoded of metrics) this.#keep(decoded);
    for (let row = 0; row < (logs?.streamOf.length ?? 0); row++) {
      const start = row === 0 ? 0 : (logs?.bodyEnds[row - 1] ?? 0);
      this.events.push({
        kind: logs?.streams[logs.streamOf[row] ?? 0]?.["kind"] ?? "",
        text: Buffer.from(logs?.bodies.subarray(start, logs.bodyEnds[row]) ?? []).toString(),
        attributes: { ...logs?.attributes?.[row] },
      });
    }
  }

  commit(): void {
    this.due();
    this.#taken = [];
    this.#committed = new Map(Array.from(this.samples, ([key, samples]) => [key, [...samples]]));
    const change = this.patterns.state();
    if (change === undefined) return;
    this.#state = change.state;
    for (const id of change.gone) this.#records.delete(id);
    for (const record of change.found) this.#records.set(record.id, record);
  }

  /** What the counters of lines grew by in all, by a label. */
  increases(label: string): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const [key, samples] of this.samples) {
      const labels = JSON.parse(key);
      if (labels["__name__"] !== "lapwing_log_pattern_lines_total") continue;
      const by = labels[label] ?? "";
      let before = samples[0]?.[1] ?? 0;
      for (const [, value] of samples) {
        // As increase() has it: a counter that went back began at zero.
        sums[by] = (sums[by] ?? 0) + (value < before ? value : value - before);
        before = value;
      }
    }
    return sums;
  }

  #open(): TenantPatterns {
    const parts = { tenant: "t", config: this.#config, onEvent: () => {} };
    return new TenantPatterns(parts, this.nowMs, [...this.#records.values()], this.#state);
  }

  #keep({ rows, sparse }: DecodedMetrics): void {
    const add = (labels: object, timeMs: number, value: number) => {
      const key = JSON.stringify(labels);
      const known = this.samples.get(key) ?? [];
      this.samples.set(key, known);
      expect(timeMs).toBeGreaterThan(known.at(-1)?.[0] ?? 0);
      known.push([timeMs, value]);
    };
    for (const { schema, samples } of sparse)
      for (const [i, column] of samples.columns.entries())
        add(schema.series[column] ?? {}, samples.timestampsMs[i] ?? 0, samples.values[i] ?? 0);
    for (const { schema, timestampMs, values, items } of rows) {
      const words = wordsOf(values);
      let present = 0;
      for (const [column, value] of values.entries()) {
        if (isAbsent(words, column)) continue;
        present++;
        if (!isStale(words, column)) add(schema.series[column] ?? {}, timestampMs, value);
      }
      expect(present).toBe(items);
    }
  }
}

const times = (template: string, count: number) =>
  Array.from({ length: count }, () => ({ template }));
const shortWord = (n: number) => String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26), 113);
const sumOf = (sums: Record<string, number>) => Object.values(sums).reduce((a, b) => a + b, 0);

test("lines are counted by pattern, level and group, and the counts add up to the lines", () => {
  const world = new World();
  world.take([
    { template: "user <0> is in" },
    { template: "user <0> is in", severity: 17 },
    { template: "user <0> is in", app: "b" },
    { template: undefined },
  ]);
  world.wait(interval);
  world.take([{ template: "user <0> is in" }]);
  world.wait(interval);
  expect(world.increases("app")).toEqual({ a: 4, b: 1 });
  expect(world.increases("level")).toEqual({ info: 4, error: 1 });
  expect(sumOf(world.increases("pattern_id"))).toBe(5);
  expect(world.increases("pattern_id")["other"]).toBe(1);
  const infos = [...world.samples.keys()].filter((key) => key.includes("pattern_info"));
  expect(infos.map((key) => JSON.parse(key).pattern)).toEqual(["user <_> is in"]);
});

test("counts add up whatever comes, through merges, more patterns than series, and restarts", () => {
  const words = fc.constantFrom("alice", "bob", "carol", "dave", "erin", "frank", "greta");
  const template = fc.oneof(
    words.map((word) => `session opened for ${word} by <0>`),
    words.map((word) => `${word} is a pattern of its own`),
    fc.constantFrom(undefined, "disk <0> is full"),
  );
  const line = fc.record({
    template,
    app: fc.constantFrom("a", "b", "c", ""),
    severity: fc.constantFrom(0, 9, 17),
  });
  const step = fc.oneof(
    fc.array(line, { minLength: 1, maxLength: 20 }),
    fc.constantFrom("wait", "long", "restart", "crash"),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const world = new World({ patterns_per_group: 3, groups_max: 2 });
      let lines = 0;
      for (const one of steps)
        if (typeof one !== "string") {
          world.take(one);
          lines += one.length;
        } else if (one === "restart") {
          world.commit();
          world.restart();
        } else if (one === "crash") world.crash();
        else world.wait(one === "wait" ? interval : 2 * 3_600_000);
      world.wait(2 * interval);
      expect(sumOf(world.increases("pattern_id"))).toBe(lines);
    }),
    { numRuns: 60 },
  );
});

test("a pattern is news once, after its group has learned, and not when words become a variable", () => {
  const world = new World({ learning: "1h" });
  world.take([{ template: "known <0> before" }]);
  world.wait(59 * minute);
  world.take([{ template: "still learned <0>" }]);
  world.wait(2 * minute);
  world.take([{ template: "known <0> before" }, { template: "never seen <0>", severity: 17 }]);
  world.take([{ template: "never seen <0>" }]);
  world.commit();
  expect(world.events).toHaveLength(1);
  expect(world.events[0]).toMatchObject({
    kind: "new_pattern",
    text: "new pattern: never seen <_>",
    attributes: {
      app: "a",
      level: "error",
      line: "line of never seen <0>",
      pattern: "never seen <_>",
      stream: '{app="a", host="h"}',
    },
  });
  world.restart();
  world.take([{ template: "never seen <0>" }, { template: "still learned <0>" }]);
  world.commit();
  expect(world.events).toHaveLength(1);
  const names = ["ann", "ben", "cleo", "dora", "emil", "fritz"];
  for (const name of names) world.take([{ template: `session of ${name} is open` }]);
  world.commit();
  const told = world.events.slice(1).map(({ text }) => text);
  // The fifth name tells that names vary there: from then on all are one pattern, which is not new.
  expect(told).toEqual(names.slice(0, 4).map((name) => `new pattern: session of ${name} is open`));
  world.restart();
  world.take([{ template: "session of zoe is open" }]);
  world.commit();
  expect(world.events).toHaveLength(5);
});

test("lines that an outage left are neither news nor counted, and their patterns are known from then on", () => {
  const world = new World({ learning: "1h" });
  world.take([{ template: "known <0> before" }]);
  world.wait(61 * minute);
  world.commit();
  const before = world.increases("pattern_id");
  const old = { template: "seen while away <0>", atMs: startMs + minute };
  world.take([old, { template: "known <0> before", atMs: startMs + minute }], true);
  world.wait(minute);
  world.take([{ template: "seen while away <0>" }]);
  world.wait(minute);
  world.commit();
  expect(world.events).toEqual([]);
  const after = world.increases("pattern_id");
  expect(sumOf(after) - sumOf(before)).toBe(1);
});

test("what was not committed is told again after a crash, and what was is not", () => {
  const world = new World({ learning: "0s" });
  world.take([{ template: "one <0>" }]);
  world.commit();
  world.take([{ template: "two <0>" }]);
  world.due();
  // The frame of "two" comes again.
  world.restart();
  world.take([{ template: "two <0>" }, { template: "one <0>" }]);
  world.commit();
  const told = world.events.map(({ text }) => text);
  expect(told).toEqual(["new pattern: one <_>", "new pattern: two <_>", "new pattern: two <_>"]);
});

test("events of an hour are bounded, and the next hour has its own", () => {
  const outcomes: boolean[] = [];
  const config = PatternsConfig.parse({ learning: "0s", events_per_hour: 3 });
  const parts = {
    tenant: "t",
    config,
    onEvent: (_: string, isStored: boolean) => void outcomes.push(isStored),
  };
  const patterns = new TenantPatterns(parts, startMs);
  const words = ["red", "green", "blue", "grey"];
  for (const word of words)
    patterns.arrived(batchOf([{ template: `${word} x y` }], startMs), startMs);
  expect(outcomes).toEqual([true, true, true, false]);
  const later = startMs + 3_600_000;
  patterns.arrived(batchOf([{ template: "something else" }], later), later);
  expect(outcomes.at(-1)).toBe(true);
  expect(patterns.due(later).logs?.streamOf.length).toBe(4);
});

test("a rate that leaves its band is told once, with what it was before, and again after it was calm", () => {
  const world = new World({ learning: "30d" });
  const lines = (count: number) => world.take(times("tick <0>", count));
  const windows = (count: number, each: (i: number) => number) => {
    for (let i = 0; i < count; i++) {
      lines(each(i));
      world.take([{ template: "tock <0>" }]);
      world.wait(5 * minute);
    }
  };
  windows(20, (i) => 100 + (i % 5));
  expect(world.events).toEqual([]);
  windows(3, () => 400);
  world.wait(2 * minute);
  expect(world.events.map(({ kind }) => kind)).toEqual(["pattern_rate"]);
  expect(world.events[0]?.attributes).toMatchObject({
    direction: "above",
    pattern: "tick <_>",
    rate_before: "0.3406",
    rate_after: "1.333",
    window_seconds: "300",
  });
  windows(12, () => 102);
  windows(2, () => 3);
  world.wait(2 * minute);
  // The whole group is nearly silent then, which says nothing of its patterns.
  expect(world.events).toHaveLength(1);
});

test("a pattern that stops while others go on is told of; one whose window nobody saw is not", () => {
  const world = new World({ learning: "30d" });
  const windows = (count: number, ticks: number) => {
    for (let i = 0; i < count; i++) {
      world.take([...times("tick <0>", ticks), ...times("tock <0>", 300)]);
      world.wait(5 * minute);
    }
  };
  windows(20, 100);
  world.commit();
  world.nowMs += 60 * minute;
  world.restart();
  windows(3, 100);
  expect(world.events).toEqual([]);
  windows(2, 0);
  world.wait(2 * minute);
  expect(world.events.map(({ attributes }) => attributes["direction"])).toEqual(["below"]);
});

test("late lines are counted, and judged in no window", () => {
  const world = new World();
  world.take([{ template: "tick <0>", atMs: startMs - 86_400_000 }]);
  world.take([{ template: "tick <0>", atMs: startMs + 400_000 }, { template: "tick <0>" }]);
  world.wait(interval);
  expect(sumOf(world.increases("pattern_id"))).toBe(3);
});

test("more patterns than can be remembered make the oldest be forgotten", () => {
  const world = new World({ patterns_max: 100, learning: "30d" });
  for (let i = 0; i < 40; i++) {
    world.take(
      Array.from({ length: 10 }, (_, k) => ({
        template: `${shortWord(10 * i + k)} ${shortWord(i)}`,
      })),
    );
    world.wait(minute);
  }
  world.commit();
  expect(world.patterns.book.size).toBeLessThanOrEqual(100);
  expect(sumOf(world.increases("pattern_id"))).toBe(400);
  world.restart();
  expect(world.patterns.book.size).toBeLessThanOrEqual(100);
});
