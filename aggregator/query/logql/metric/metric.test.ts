import { expect, test } from "bun:test";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { evaluateMetric } from "../evaluate.ts";
import { parseLogql } from "../../../log_pipeline/parse_query.ts";
import { type Given, scopeOf, seriesOf, sourceOf } from "../records.fixture.ts";

const given: Given[] = [
  { at: 10, line: "v=1 lvl=info d=100ms s=1KB", stream: { app: "a", pod: "x" } },
  { at: 20, line: "v=3 lvl=warn d=200ms s=2KB", stream: { app: "a", pod: "x" } },
  { at: 20, line: "v=5 lvl=info d=1s s=1KiB", stream: { app: "a", pod: "y" } },
  { at: 30, line: "v=2 lvl=info d=2s s=3KB", stream: { app: "a", pod: "x" } },
  { at: 40, line: "text", stream: { app: "b", pod: "z" } },
];
/** Series at one moment, as text: {labels} value. */
async function at(second: number, query: string, records: readonly Given[] = given) {
  const result = await seriesOf(query, records, [second, second, 0]);
  if (typeof result === "number") return result;
  return result.map(({ labels, points }) => {
    const { detected_level: _, ...rest } = labels;
    const text = Object.keys(rest)
      .toSorted()
      .map((name) => `${name}=${labels[name]}`);
    return `${text.join(" ")}: ${points[0]?.[1]}`;
  });
}

test.each([
  ['count_over_time({app="a"}[30s])', ["app=a pod=x: 2", "app=a pod=y: 1"]],
  ['count_over_time({app="a"}[20s])', ["app=a pod=x: 1"]],
  ['rate({app="a"}[30s])', [`app=a pod=x: ${2 / 30}`, `app=a pod=y: ${1 / 30}`]],
  ['bytes_over_time({app="b"}[1m] offset -10s)', ["app=b pod=z: 4"]],
  ['bytes_rate({app=~"a"} |= "v=5" [10s] offset 20s)', ["app=a pod=y: 2.4"]],
  ['count_over_time({app="a"} | logfmt | lvl="info" | keep pod [1m])', ["pod=x: 2", "pod=y: 1"]],
  ['sum(count_over_time({app="a"}[1m]))', [": 4"]],
  ['sum by (lvl) (count_over_time({app="a"} | logfmt [1m]))', ["lvl=info: 3", "lvl=warn: 1"]],
  [
    'sum by (lvl, pod) (count_over_time({app="a"} | logfmt [1m]))',
    ["lvl=info pod=x: 2", "lvl=warn pod=x: 1", "lvl=info pod=y: 1"],
  ],
  ['sum without (pod, detected_level) (count_over_time({app="a"}[1m]))', ["app=a: 4"]],
  ['sum by (none) (count_over_time({app="a"}[1m]))', [": 4"]],
  ['max by (app) (count_over_time({app="a"}[1m]))', ["app=a: 3"]],
  ['count(count_over_time({app=~".+"}[1m]))', [": 3"]],
  ['topk(1, count_over_time({app="a"}[1m]))', ["app=a pod=x: 3"]],
  ['bottomk(1, count_over_time({app="a"}[1m]))', ["app=a pod=y: 1"]],
  ['approx_topk(1, sum by (pod) (count_over_time({app="a"}[1m])))', ["pod=x: 3"]],
  ['sort(sum by (pod) (count_over_time({app="a"}[1m])))', ["pod=y: 1", "pod=x: 3"]],
  ['sort_desc(sum by (pod) (count_over_time({app="a"}[1m])))', ["pod=x: 3", "pod=y: 1"]],
  [
    'sum_over_time({app="a"} | logfmt | unwrap v [1m])',
    [
      "app=a d=100ms lvl=info pod=x s=1KB: 1",
      "app=a d=200ms lvl=warn pod=x s=2KB: 3",
      "app=a d=1s lvl=info pod=y s=1KiB: 5",
      "app=a d=2s lvl=info pod=x s=3KB: 2",
    ],
  ],
  ['sum by (pod) (sum_over_time({app="a"} | logfmt | unwrap v [1m]))', ["pod=x: 6", "pod=y: 5"]],
  ['avg_over_time({app="a"} | logfmt | unwrap v [1m]) by (pod)', ["pod=x: 2", "pod=y: 5"]],
  ['min_over_time({app="a"} | logfmt | unwrap v [1m]) by (pod)', ["pod=x: 1", "pod=y: 5"]],
  ['max_over_time({app="a"} | logfmt | unwrap v [1m]) by ()', [": 5"]],
  ['first_over_time({app="a"} | logfmt | unwrap v [1m]) by (pod)', ["pod=x: 1", "pod=y: 5"]],
  ['last_over_time({app="a"} | logfmt | unwrap v [1m]) by (pod)', ["pod=x: 2", "pod=y: 5"]],
  [
    'stdvar_over_time({app="a"} | logfmt | unwrap v [1m]) by (pod)',
    [`pod=x: ${2 / 3}`, "pod=y: 0"],
  ],
  [
    'sum by (pod) (rate({app="a"} | logfmt | unwrap bytes(s) [10s] offset 20s))',
    ["pod=x: 200", "pod=y: 102.4"],
  ],
  [
    'sum by (lvl) (sum_over_time({app="a"} | logfmt | unwrap v | lvl="warn" [1m]))',
    ["lvl=warn: 3"],
  ],
  ['rate_counter({app="a", pod="x"} | logfmt | keep v | unwrap v [30s])', [": 0.2"]],
  ['absent_over_time({app="zz", pod=~"q"}[1m])', ["app=zz: 1"]],
  ['absent_over_time({app="a"}[1m])', []],
  [
    'label_replace(sum by (pod) (count_over_time({app="a"}[1m])), "p", "$1-", "pod", "(x)")',
    ["p=x- pod=x: 3", "pod=y: 1"],
  ],
  [
    'variants(count_over_time({app="a"}[1m]), bytes_over_time({app="a"}[1m])) of ({app="a"} |= "info" [1m])',
    [
      "__variant__=0 app=a pod=x: 2",
      "__variant__=0 app=a pod=y: 1",
      "__variant__=1 app=a pod=x: 49",
      "__variant__=1 app=a pod=y: 24",
    ],
  ],
  [
    'variants(sum by (pod) (count_over_time({app="a"} | lvl="info" [1m])), sum(max_over_time({app="b"} | unwrap v [20s]))) of ({app="a"} | logfmt [1m])',
    ["__variant__=0 pod=x: 2", "__variant__=0 pod=y: 1", "__variant__=1: 2"],
  ],
  [
    'variants(max_over_time({app="zz"} |= "nothing" | unwrap v | lvl="info" [1m]) by (pod)) of ({app="a"} | logfmt [1m])',
    ["__variant__=0 pod=x: 2", "__variant__=0 pod=y: 5"],
  ],
  ['variants(sum(count_over_time({app="a"}[1m]))) of ({app="a"}[1m]) * 10', ["__variant__=0: 40"]],
  ['variants(vector(3)) of ({app="a"}[1m])', ["__variant__=0: 3"]],
  ["vector(2) * 3", [": 6"]],
  ["1 + 2 * 3 ^ 2", 19],
  ["7 % 4 > bool 2", 1],
  ["1 / 0", Number.NaN],
  ['sum(count_over_time({app="a"}[1m])) / 0', [": NaN"]],
  ['sum by (pod) (count_over_time({app="a"}[1m])) > 2', ["pod=x: 3"]],
  ['2 < sum by (pod) (count_over_time({app="a"}[1m]))', ["pod=x: 3"]],
  ['sum by (pod) (count_over_time({app="a"}[1m])) > bool 2', ["pod=x: 1", "pod=y: 0"]],
  [
    'sum by (pod) (count_over_time({app="a"}[1m])) / on () group_left sum(count_over_time({app="a"}[1m]))',
    ["pod=x: 0.75", "pod=y: 0.25"],
  ],
  [
    'sum by (pod) (count_over_time({app="a"}[1m])) and sum by (pod) (count_over_time({app="a", pod="y"}[1m]))',
    ["pod=y: 1"],
  ],
  [
    'sum by (pod) (count_over_time({app="a"}[1m])) unless sum by (pod) (count_over_time({app="a", pod="y"}[1m]))',
    ["pod=x: 3"],
  ],
  ['sum(count_over_time({app="none"}[1m])) or vector(0)', [": 0"]],
  [
    'count_over_time({app="b"} | json | __error__="JSONParserErr" | keep pod [1m])',
    [
      "__error__=JSONParserErr __error_details__=Value looks like object, but can't find closing '}' symbol pod=z: 1",
    ],
  ],
  ['sum(count_over_time({app="b"} | json | __error__="" [1m]))', []],
  ['sum(count_over_time({app="b"} | json [1m]))', [": 1"]],
])("%s comes to what it should at second 40", async (query, expected) => {
  const found = await at(40, query);
  if (typeof expected === "number" || typeof found === "number") expect(found).toEqual(expected);
  else expect(new Set(found)).toEqual(new Set(expected));
  // What is sorted stays so.
  if (query.startsWith("sort")) expect(found).toEqual(expected);
});

test("windows are open to the left, and steps without a record have no point", async () => {
  expect(await seriesOf('sum(count_over_time({app="a"}[10s]))', given, [10, 40, 10])).toEqual([
    {
      labels: {},
      points: [
        [10, 1],
        [20, 2],
        [30, 1],
      ],
    },
  ]);
  expect(await seriesOf('sum(count_over_time({app="a"}[25s]))', given, [10, 60, 10])).toEqual([
    {
      labels: {},
      points: [
        [10, 1],
        [20, 3],
        [30, 4],
        [40, 3],
        [50, 1],
      ],
    },
  ]);
});

test("an error that is left fails a metric query, in Loki's words", async () => {
  const query = 'count_over_time({app="b"} | json [1m])';
  const failure = await at(40, query).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(OperatingError);
  expect(String(failure)).toContain("pipeline error: 'JSONParserErr' for series: '{");
  expect(String(failure)).toContain(
    'Use a label filter to intentionally skip this error. (e.g | __error__!="JSONParserErr")',
  );
  const extraction = 'sum by (pod) (sum_over_time({app="a"} | logfmt | unwrap lvl [1m]))';
  expect(String(await at(40, extraction).catch((error: unknown) => error))).toContain(
    "SampleExtractionErr",
  );
  const skipped =
    'sum by (pod) (sum_over_time({app="a"} | logfmt | unwrap lvl | __error__="" [1m]))';
  expect(await at(40, skipped)).toEqual([]);
});

const fails = async (run: Promise<unknown>) => String(await run.catch((error: unknown) => error));
test("a query is stopped at its limits, and when nobody waits for it", async () => {
  const query = 'count_over_time({app=~".+"}[1m])';
  expect(await fails(seriesOf(query, given, [40, 40, 0], { seriesMax: 2 }))).toContain(
    "maximum number of series (2) reached for a single query",
  );
  expect(await fails(seriesOf(query, given, [0, 11_001, 1]))).toContain(
    "exceeded maximum resolution of 11,000 points per time series",
  );
  const quantile = 'quantile_over_time(0.5, {app="a"} | logfmt | unwrap v [1m]) by ()';
  expect(await fails(seriesOf(quantile, given, [40, 40, 0], { recordsMax: 3 }))).toContain(
    "over 3 records",
  );
  const many = Array.from({ length: 2_000 }, (_, i) => ({ at: i / 100, line: "x" }));
  expect(
    await fails(seriesOf('count_over_time({app="a"}[1m])', many, [40, 40, 0], { timeoutMs: -1 })),
  ).toContain("request timed out");
  const parsed = parseLogql('count_over_time({app="a"}[1m])');
  if (parsed.kind === "log") throw new Error("a metric query");
  const scope = { ...scopeOf(sourceOf(many)), signal: AbortSignal.abort() };
  const times = { startMs: 40_000, endMs: 40_000, stepMs: 0 };
  expect(await fails(evaluateMetric(parsed, times, scope))).toContain("cancelled");
});

test("a query that puts too many series in memory is stopped while it reads", async () => {
  const pods = Array.from({ length: 5_000 }, (_, i) => ({
    at: 10 + i / 1_000,
    line: `v=${i}`,
    stream: { app: "a", pod: `p${i}` },
  }));
  const at40 = (query: string, limits: Parameters<typeof seriesOf>[3]) =>
    seriesOf(query, pods, [40, 40, 0], limits);
  const stopped = "maximum number of series (3) reached";
  const few = { heldSeriesMax: 3 };
  for (const inner of [
    'count_over_time({app="a"}[1m])',
    'quantile_over_time(0.5, {app="a"} | logfmt | unwrap v [1m])',
  ])
    expect(await fails(at40(`topk(1, ${inner})`, few))).toContain(stopped);
  expect(await at40('sum(count_over_time({app="a"}[1m]))', few)).toEqual([
    { labels: {}, points: [[40, 5_000]] },
  ]);
  // One that stands alone is known to be over the limit of answers long before all is read.
  let read = 0;
  const source = sourceOf(pods);
  const counted = {
    ...source,
    scan: async function* (request: Parameters<typeof source.scan>[0]) {
      for await (const slices of source.scan(request))
        for (const slice of slices)
          for (let i = 0; i < slice.rows.length; i += 100) {
            read++;
            yield [{ ...slice, rows: slice.rows.subarray(i, i + 100) }];
          }
    },
  };
  const parsed = parseLogql('count_over_time({app="a"}[1m])');
  if (parsed.kind === "log") throw new Error("a metric query");
  const times = { startMs: 40_000, endMs: 40_000, stepMs: 0 };
  const run = evaluateMetric(parsed, times, scopeOf(counted, { seriesMax: 250 }));
  expect(await fails(run)).toContain("maximum number of series (250) reached");
  expect(read).toBeLessThan(10);
});

test("range functions over many windows agree with a plain computation over the records", async () => {
  let state = 11;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  const records = Array.from({ length: 400 }, () => ({
    at: random(120_000) / 1_000,
    line: `v=${random(1_000) / 8}`,
  }));
  const plain: Record<string, (values: readonly number[], times: readonly number[]) => number> = {
    sum_over_time: (v) => v.reduce((a, b) => a + b, 0),
    avg_over_time: (v) => v.reduce((a, b) => a + b, 0) / v.length,
    min_over_time: (v) => Math.min(...v),
    max_over_time: (v) => Math.max(...v),
    stdvar_over_time: (v) => {
      const mean = v.reduce((a, b) => a + b, 0) / v.length;
      return v.reduce((a, b) => a + (b - mean) ** 2, 0) / v.length;
    },
    first_over_time: (v, t) => v[t.indexOf(Math.min(...t))] ?? 0,
  };
  for (const [op, compute] of Object.entries(plain)) {
    for (const [range, step, offset] of [
      [30, 10, 0],
      [7, 10, 5],
      [25, 4, 0],
      [200, 13, 3],
    ] as const) {
      const grouping = op === "sum_over_time" ? "" : " by (app)";
      const query = `${op}({app="a"} | logfmt | unwrap v [${range}s] offset ${offset}s)${grouping}`;
      const found = await seriesOf(
        op === "sum_over_time" ? `sum by (app) (${query})` : query,
        records,
        [0, 130, step],
      );
      if (typeof found === "number") throw new Error("a number");
      const points = new Map(found[0]?.points);
      for (let t = 0; t <= 130; t += step) {
        const end = t - offset;
        const inside = records.filter(({ at: second }) => second > end - range && second <= end);
        const values = inside.map(({ line }) => Number(line.slice(2)));
        if (values.length === 0) expect(points.has(t)).toBe(false);
        else
          expect(points.get(t)).toBeCloseTo(
            compute(
              values,
              inside.map((r) => r.at),
            ),
            6,
          );
      }
    }
  }
});

test("duplicates on one side are an error in Loki even where the other side is empty", async () => {
  const none = 'count_over_time({app="none"}[1m])';
  const query = `${none} + on (app) count_over_time({app="a"}[1m])`;
  expect(await at(40, query).catch(messageOf)).toContain("found duplicate series");
});

test("a filter on __error__ keeps errors of parsers, and none of later stages", async () => {
  const records: Given[] = [{ at: 10, line: "took=oops x==", stream: { app: "a" } }];
  const counted = (stages: string) =>
    at(20, `sum(count_over_time({app="a"} ${stages} [1m]))`, records);
  for (const stages of [
    '| __error__="" | logfmt | took > 1s',
    '| logfmt | took > 1s | __error__!=""',
    '| logfmt | line_format "{{ .took | now }}" | __error__!="x"',
  ])
    expect([stages, String(await counted(stages).catch(messageOf)).slice(0, 15)]).toEqual([
      stages,
      "pipeline error:",
    ]);
  expect(await counted('| json | __error__!=""')).toEqual([": 1"]);
  expect(await counted('| logfmt --strict | __error__="LogfmtParserErr"')).toEqual([": 1"]);
  expect(await counted('| logfmt | took > 1s | __error__=""')).toEqual([]);
});

test("a template's call with a wrong number of arguments is an error of its lines, not of the query", async () => {
  const records: Given[] = [{ at: 10, line: "é x=1 b==2", stream: { app: "a" } }];
  for (const [stage, details] of [
    ['| line_format "{{ .app | now }}"', "wrong number of args for now: want 0 got 1"],
    ['| label_format b=`{{ replace "x" .app }}`', "wrong number of args for replace: want 3 got 2"],
    // Places in a line count in bytes.
    ["| logfmt --strict", "logfmt syntax error at pos 10 : unexpected '='"],
  ] as const) {
    const counted = `count_over_time({app="a"} ${stage} | __error__!="" [1m])`;
    const failure = String(await at(20, counted, records).catch(messageOf));
    expect([stage, failure.includes(details)]).toEqual([stage, true]);
  }
});

test("series keep labels that a parser has left empty, apart from those without", async () => {
  const records: Given[] = [
    { at: 10, line: "a= b=1", stream: { app: "a" } },
    { at: 11, line: "b=1", stream: { app: "a" } },
  ];
  expect(await at(20, 'count_over_time({app="a"} | logfmt --keep-empty [1m])', records)).toEqual([
    "a= app=a b=1: 1",
    "app=a b=1: 1",
  ]);
  const json: Given[] = [{ at: 10, line: '{"b":"1"}', stream: { app: "a" } }];
  expect(await at(20, 'count_over_time({app="a"} | json x="missing", b="b" [1m])', json)).toEqual([
    "app=a b=1 x=: 1",
  ]);
});
