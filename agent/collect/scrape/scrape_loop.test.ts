import { afterEach, expect, test } from "bun:test";
import {
  ScrapeBench,
  down,
  exposed,
  exposition,
  gzipped,
  intervalMs,
} from "#test/support/scrape_bench.ts";
import type { RecordedScrape } from "#test/support/scrape_recorder.ts";

const bench = new ScrapeBench();
afterEach(() => bench.close());
const labelsOf = (scrape: RecordedScrape) =>
  scrape.schema.series.filter(({ __name__: name }) => name === "a" || name === "b");
test("a scrape gives its samples and its reports at one time of the target's grid", async () => {
  const recorder = await bench.record(
    bench.serve('# TYPE a counter\n# HELP a A.\na 1\nb{x="y"} 2.5\nc NaN\n'),
  );
  const first = await recorder.scrape();
  expect(first.values).toEqual({
    up: 1,
    scrape_duration_seconds: expect.any(Number),
    scrape_samples_scraped: 3,
    scrape_samples_post_metric_relabeling: 3,
    scrape_series_added: 3,
    a: 1,
    'b{x="y"}': 2.5,
    c: Number.NaN,
  });
  const second = await recorder.scrape(() => true, 1);
  expect(second.values).toMatchObject({ up: 1, scrape_series_added: 0, a: 1 });
  expect(second.schema).toBe(first.schema);
  expect(first.schema.families).toEqual([{ name: "a", type: "counter", help: "A.", unit: "" }]);
  expect(recorder.manager.targets()).toMatchObject([
    { pool: "j", health: "up", lastError: "", samples: 3 },
  ]);
});

test("extra_scrape_metrics adds timeout, limit and size", async () => {
  const recorder = await bench.record(bench.serve("a 1\n"), {
    extra_scrape_metrics: true,
    sample_limit: 7,
  });
  expect((await recorder.scrape()).values).toMatchObject({
    scrape_timeout_seconds: intervalMs / 1_000,
    scrape_sample_limit: 7,
    scrape_body_size_bytes: 4,
  });
});

test("a series that ends gets one stale marker, and one that returns counts as added", async () => {
  const recorder = await bench.record(bench.serve("a 1\nb 1\n", "b 2\n", "b 3\n", "a 4\nb 4\n"));
  await recorder.scrape(() => true, 3);
  expect(recorder.scrapes.slice(0, 4).map(exposed)).toEqual([
    { a: 1, b: 1 },
    { a: "stale", b: 2 },
    { b: 3 },
    { a: 4, b: 4 },
  ]);
  expect(
    recorder.scrapes.slice(0, 4).map((scrape) => scrape.values["scrape_series_added"]),
  ).toEqual([2, 0, 0, 1]);
});

test("gzip is asked for and unpacked", async () => {
  expect(exposed(await (await bench.record(bench.serve(() => gzipped("a 1\n")))).scrape())).toEqual(
    { a: 1 },
  );
});

test("a repeated series is taken once, and the others are counted", async () => {
  const recorder = await bench.record(
    bench.serve('a{x="1",y="2"} 1\na{y="2",x="1"} 2\na{x="1",y="2"} 3\nb 1\n'),
  );
  const scrape = await recorder.scrape();
  expect(exposed(scrape)).toEqual({ 'a{x="1",y="2"}': 1, b: 1 });
  expect(scrape.values["up"]).toBe(1);
  expect(recorder.drops.get("duplicate_timestamp")).toBe(2);
});

test("a series that is repeated with its value is counted apart from one with another value", async () => {
  const recorder = await bench.record(bench.serve("a 1\na 1\na NaN\n"));
  expect(exposed(await recorder.scrape())).toEqual({ a: 1 });
  expect(Object.fromEntries(recorder.drops)).toEqual({
    duplicate_sample: 1,
    duplicate_timestamp: 1,
  });
});

test("series_limit refuses new series, and known ones go on", async () => {
  const many = Array.from({ length: 30 }, (_, i) => `burst{id="${i}",kind="x"} ${i}\n`).join("");
  const recorder = await bench.record(
    bench.serve("known 1\nother 1\n", `${many}known 2\nother 2\n`),
    { series_limit: 10 },
  );
  const first = await recorder.scrape();
  expect(exposed(first)).toEqual({ known: 1, other: 1 });
  const second = await recorder.scrape((scrape) => scrape.values["known"] === 2);
  expect(second.values).toMatchObject({ up: 1, known: 2, other: 2 });
  expect(Object.keys(exposed(second))).toHaveLength(10);
  expect(second.values["scrape_samples_post_metric_relabeling"]).toBe(32);
  const [target] = recorder.manager.targets();
  expect(recorder.drops.get("series_limit")).toBe(22 * (recorder.scrapes.length - 1));
  expect(target?.seriesLimit).toMatchObject({
    scope: "target",
    limit: 10,
    active: 10,
    refusedSeries: 22,
    fastest: { metric: "burst", label: "id" },
  });
  expect(recorder.limitsTold).toHaveLength(1);
});

test("a target can't write the scrape's own series", async () => {
  const recorder = await bench.record(bench.serve("up 0\nscrape_samples_scraped 9\n"), {
    honor_labels: true,
  });
  expect((await recorder.scrape()).values).toMatchObject({ up: 1, scrape_samples_scraped: 2 });
});

test("clashing labels become exported ones, or win where they are honored", async () => {
  const body = 'a{job="x",instance="i",exported_job="y"} 1\nb{instance=""} 1\n';
  const target = bench.serve(body);
  expect(labelsOf(await (await bench.record(target)).scrape())).toEqual([
    {
      __name__: "a",
      job: "j",
      instance: target,
      exported_instance: "i",
      exported_job: "y",
      exported_exported_job: "x",
    },
    { __name__: "b", job: "j", instance: target },
  ]);
  expect(labelsOf(await (await bench.record(target, { honor_labels: true })).scrape())).toEqual([
    { __name__: "a", job: "x", instance: "i", exported_job: "y" },
    { __name__: "b", job: "j" },
  ]);
});

test("metric_relabel_configs drop and change series, and reports are left alone", async () => {
  const recorder = await bench.record(bench.serve("a 1\nb 2\nc 3\n"), {
    metric_relabel_configs: [
      { source_labels: ["__name__"], regex: "a|up", action: "drop" },
      { source_labels: ["__name__"], regex: "c", target_label: "__name__", replacement: "d" },
    ],
  });
  const scrape = await recorder.scrape();
  expect(exposed(scrape)).toEqual({ b: 2, d: 3 });
  expect(scrape.values).toMatchObject({
    up: 1,
    scrape_samples_scraped: 3,
    scrape_samples_post_metric_relabeling: 2,
    scrape_series_added: 2,
  });
  expect(recorder.drops.get("relabel")).toBe(1);
});

test("external labels are added where they are absent", async () => {
  const recorder = bench.recorder();
  const target = bench.serve('a{site="own"} 1\nb 1\n');
  await recorder.apply([{ job_name: "j", static_configs: [{ targets: [target] }] }], {
    external_labels: { site: "x" },
  });
  const scrape = await recorder.scrape();
  expect(scrape.values).toMatchObject({ 'a{site="own"}': 1, 'b{site="x"}': 1, 'up{site="x"}': 1 });
});

test("timestamps of the target make sparse samples, once each, within bounds", async () => {
  const now = Date.now();
  const recorder = await bench.record(
    bench.serve(
      `a 1 ${now}\nb 1 ${now + 3_600_000}\nc 1\n`,
      `a 1 ${now}\nc 1\n`,
      `a 2 ${now}\nc 1\n`,
      `a 3 ${now - 1}\nc 1\n`,
      `a 4 ${now + 1}\na 5 ${now + 2}\nc 1\n`,
      `c 1\na 0 ${now - 8_000_000}\n`,
    ),
  );
  await recorder.scrape(() => true, 5);
  expect(recorder.scrapes.slice(0, 6).map(({ timed }) => timed)).toEqual([
    [["a", now, 1]],
    [],
    [],
    [["a", now - 1, 3]],
    [
      ["a", now + 1, 4],
      ["a", now + 2, 5],
    ],
    [],
  ]);
  // Such series end without a marker.
  expect(recorder.scrapes.slice(0, 6).map(exposed)).toEqual(
    Array.from({ length: 6 }, () => ({ c: 1 })),
  );
  expect([
    recorder.drops.get("out_of_bounds_timestamp"),
    recorder.drops.get("duplicate_timestamp"),
    recorder.drops.get("too_old_sample"),
  ]).toEqual([1, 1, recorder.scrapes.length - 5]);
});

test("track_timestamps_staleness ends such series, honor_timestamps false ignores timestamps", async () => {
  const now = Date.now();
  const tracked = await bench.record(bench.serve(`a 1 ${now}\n`, "b 1\n"), {
    track_timestamps_staleness: true,
  });
  await tracked.scrape(() => true, 1);
  expect(tracked.scrapes.slice(0, 2).map(exposed)).toEqual([{}, { a: "stale", b: 1 }]);
  const ignored = await bench.record(bench.serve(`a 1 ${now - 3_600_000}\n`), {
    honor_timestamps: false,
  });
  expect(exposed(await ignored.scrape())).toEqual({ a: 1 });
});

test("a target whose series are always others gets a new schema, and markers for the old ones", async () => {
  let round = 0;
  const churning = () => {
    round++;
    const lines = Array.from({ length: 50 }, (_, i) => `m{round="${round}",i="${i}"} ${round}\n`);
    return new Response(lines.join(""), { headers: exposition });
  };
  const recorder = await bench.record(bench.serve(churning));
  await recorder.scrape(() => true, 7);
  let last = 0;
  let live = 0;
  for (const scrape of recorder.scrapes.slice(0, 8)) {
    const values = Object.values(exposed(scrape));
    const fresh = values.filter((value) => value !== "stale");
    // The series of the round before end, whether there is a round or, on a busy machine, a scrape that timed out.
    expect(values.length - fresh.length).toBe(live);
    live = down(scrape) ? 0 : 50;
    const of = fresh[0] ?? last + 1;
    expect(of).toBeGreaterThan(last);
    expect(fresh).toEqual(Array.from({ length: live }, () => of));
    expect(scrape.values["scrape_series_added"]).toBe(live);
    expect(scrape.schema.series.length).toBeLessThan(200);
    if (live > 0) last = of;
  }
  expect(last).toBeGreaterThan(4);
});

test("a target that is gone ends its series and reports at the scrape that it missed first", async () => {
  const target = bench.serve("a 1\n");
  const recorder = await bench.record(target);
  await recorder.scrape();
  await recorder.apply([]);
  const last = await recorder.scrape((scrape) => scrape.values["up"] === "stale");
  expect(new Set(Object.values(last.values))).toEqual(new Set(["stale"]));
  expect(Object.keys(last.values)).toContain("a");
  const before = recorder.scrapes.at(-2)?.timestampMs ?? 0;
  expect(last.timestampMs - before).toBeGreaterThan(intervalMs / 2);
  expect(last.timestampMs - before).toBeLessThan(10 * intervalMs);
});

test("a changed config goes on with a target's series, and leaves other pools undisturbed", async () => {
  const [changing, steady] = [bench.serve("a 1\nb 1\n"), bench.serve("s 1\n")];
  const recorder = bench.recorder();
  const jobs = (more: Record<string, unknown>) => [
    { job_name: "changing", static_configs: [{ targets: [changing] }], ...more },
    { job_name: "steady", static_configs: [{ targets: [steady] }] },
  ];
  await recorder.apply(jobs({}));
  const before = await recorder.scrape((scrape) => scrape.instance === steady);
  await recorder.scrape((scrape) => scrape.instance === changing && scrape.values["b"] === 1);
  const from = recorder.scrapes.length;
  await recorder.apply(
    jobs({ metric_relabel_configs: [{ source_labels: ["__name__"], regex: "b", action: "drop" }] }),
  );
  const after = await recorder.scrape(
    (scrape) => scrape.instance === changing && scrape.values["b"] !== 1,
    from,
  );
  expect(exposed(after)).toEqual({ a: 1, b: "stale" });
  const steadyAfter = await recorder.scrape((scrape) => scrape.instance === steady, from);
  expect(steadyAfter.schema).toBe(before.schema);
});

test("a config that changes after most series ended goes on with the others", async () => {
  const many = Array.from({ length: 60 }, (_, i) => `m{i="${i}"} 1\n`).join("");
  const target = bench.serve(`${many}a 1\nb 1\n`, "a 2\nb 2\n");
  const recorder = bench.recorder();
  const job = { job_name: "less", static_configs: [{ targets: [target] }] };
  await recorder.apply([job]);
  await recorder.scrape(({ values }) => values["b"] === 2);
  const from = recorder.scrapes.length;
  const drop = [{ source_labels: ["__name__"], regex: "b", action: "drop" }];
  await recorder.apply([{ ...job, metric_relabel_configs: drop }]);
  const after = await recorder.scrape(({ values }) => values["b"] !== 2, from);
  expect(exposed(after)).toEqual({ a: 2, b: "stale" });
});

test("target_limit fails every target of the pool", async () => {
  const recorder = await bench.record([bench.serve("a 1\n"), bench.serve("a 1\n")], {
    target_limit: 1,
  });
  await recorder.scrape(down);
  const report = recorder.manager.targets().find(({ health }) => health === "down");
  expect(report?.lastError).toContain("target_limit exceeded: 2");
});

test("dropped targets are reported with their discovered labels", async () => {
  const recorder = await bench.record(["x:1", "y/z:2"], {
    relabel_configs: [{ source_labels: ["__address__"], regex: "x:1", action: "drop" }],
  });
  const targets = await recorder.until(
    () => recorder.manager.targets().length === 2 && recorder.manager.targets(),
  );
  expect(targets).toMatchObject([
    { health: "dropped", lastError: "", discoveredLabels: { __address__: "x:1" } },
    { health: "dropped", lastError: expect.stringContaining("not a valid host name") },
  ]);
});

const bodyOf = (type: string) => `# TYPE h ${type}\nh_bucket{le="1"} 1\n`;
test("a TYPE that changes changes what is canonical, from the second scrape on", async () => {
  const recorder = await bench.record(bench.serve(bodyOf("gauge"), bodyOf("histogram")));
  await recorder.scrape(({ values }) => values['h_bucket{le="1.0"}'] === 1);
  expect(recorder.scrapes.slice(0, 3).map(exposed)).toEqual([
    { 'h_bucket{le="1"}': 1 },
    { 'h_bucket{le="1"}': 1 },
    { 'h_bucket{le="1"}': "stale", 'h_bucket{le="1.0"}': 1 },
  ]);
});

const message = (field: number, bytes: number[]) => [field * 8 + 2, bytes.length, ...bytes];
test("native histograms give count and sum, and are counted", async () => {
  // Histogram{sample_count: 3, schema: 0, positive_span: {offset: 0, length: 1}} of a family "n".
  const histogram = message(7, [8, 3, 40, 0, ...message(12, [8, 0, 16, 1])]);
  const family = [...message(1, [0x6e]), 24, 4, ...message(4, histogram)];
  const headers = { "Content-Type": "application/vnd.google.protobuf" };
  const body = Uint8Array.from([family.length, ...family]);
  const recorder = await bench.record(bench.serve(() => new Response(body, { headers })));
  expect(exposed(await recorder.scrape())).toEqual({ n_count: 3, n_sum: 0 });
  expect(recorder.drops.get("unsupported_histogram")).toBe(1);
});

test("a stale marker that a target exposes is an ordinary NaN", async () => {
  const stale = [9, 0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f];
  const family = [...message(1, [0x6e]), 24, 1, ...message(4, message(2, stale))];
  const headers = { "Content-Type": "application/vnd.google.protobuf" };
  const body = Uint8Array.from([family.length, ...family]);
  const recorder = await bench.record(bench.serve(() => new Response(body, { headers })));
  expect(exposed(await recorder.scrape())).toEqual({ n: Number.NaN });
});
