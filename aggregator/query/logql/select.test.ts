import * as fc from "fast-check";
import { expect, test } from "bun:test";
import { compilePipeline } from "../../log_pipeline/pipeline.ts";
import { parseLogql } from "../../log_pipeline/parse_query.ts";
import { OperatingError } from "#shared/errors.ts";
import { printLogql } from "#shared/query_language/logql/print.ts";
import { randomQuery } from "../../log_pipeline/random_query.fixture.ts";
import { type Given, entriesOf, scopeOf, seriesOf, sourceOf } from "./records.fixture.ts";
import { selectRecords } from "./select.ts";

function pipelineOf(text: string) {
  const query = parseLogql(text);
  if (query.kind !== "log") throw new Error(`no log query: ${text}`);
  return compilePipeline(query, undefined);
}

const pushedOf = (text: string) =>
  pipelineOf(`{a="b"} ${text}`).lineFilters.map(({ op, values }) => `${op}${values.join("/")}`);
test("line filters before the first stage that changes the line are asked of the store", () => {
  expect(pushedOf('|= "x" or "y" != "z" | json |~ "w"')).toEqual(["|=x/y", "!=z", "|~w"]);
  expect(pushedOf('| json | line_format "{{.a}}" |= "x"')).toEqual([]);
  expect(pushedOf('|= "x" | decolorize |= "y"')).toEqual(["|=x"]);
  expect(pushedOf('|= ip("1.1.1.1") or "x"')).toEqual([]);
  expect(pushedOf('!= ip("1.1.1.1") or "x"')).toEqual(["!=x"]);
  expect(pushedOf('|> "<_>took<_>ms"')).toEqual(["|=took", "|=ms"]);
});

const records: Given[] = [
  { at: 3, line: "c", stream: { app: "a", n: "2" } },
  { at: 1, line: "a", stream: { app: "a", n: "1" } },
  { at: 2, line: "b1", stream: { app: "a", n: "1" } },
  { at: 2, line: "b2", stream: { app: "a", n: "2" } },
];
test.each([
  ["forward", 3, ["a", "b1", "b2"]],
  ["backward", 3, ["c", "b2", "b1"]],
  ["backward", 9, ["c", "b2", "b1", "a"]],
] as const)(
  "selectRecords() goes %s over all streams up to the limit of %d",
  async (direction, limit, lines) => {
    for (const text of ['{app="a"}', '{app="a"} | n!=""']) {
      const query = parseLogql(text);
      if (query.kind !== "log") throw new Error("no log query");
      const range = { startNs: 0n, endNs: 1n << 62n, limit, direction };
      const found = await selectRecords(query, range, scopeOf(sourceOf(records)));
      expect(found.map(({ body }) => body)).toEqual([...lines]);
    }
  },
);

test("selectRecords() merges spans whose slices overlap, and reads no span more than it needs", async () => {
  const spans = [
    [
      [5, 1, 3],
      [4, 2],
    ],
    [[9, 7], [8]],
  ];
  let opened = 0;
  const source = {
    ...sourceOf([]),
    async *scan() {
      for (const span of spans) {
        opened++;
        yield await Promise.resolve(
          span.map((times) => ({
            batch: {
              streams: [{ app: "a" }],
              streamOf: new Uint32Array(times.length),
              timestampsMs: Float64Array.from(times),
              nanos: new Uint32Array(times.length),
              severities: new Uint8Array(times.length),
              bodies: new Uint8Array(Buffer.from(times.join(""))),
              bodyEnds: Uint32Array.from(times, (_, i) => i + 1),
            },
            rows: Uint32Array.from(times, (_, i) => i),
          })),
        );
      }
    },
  };
  const query = parseLogql('{app="a"} | logfmt');
  if (query.kind !== "log") throw new Error("no log query");
  const read = async (limit: number) =>
    (
      await selectRecords(
        query,
        { startNs: 0n, endNs: 1n << 62n, limit, direction: "forward" },
        scopeOf(source),
      )
    ).map(({ body }) => body);
  expect(await read(4)).toEqual(["1", "2", "3", "4"]);
  expect(opened).toBe(1);
  expect(await read(100)).toEqual(["1", "2", "3", "4", "5", "7", "8", "9"]);
});

test("entries carry labels by what they are", async () => {
  const [entry] = await entriesOf('{app="a"} | logfmt | app_extracted="own"', [
    { line: "app=own trace=l x=1", severity: 17, attributes: { trace: "m" } },
  ]);
  expect(entry).toMatchObject({
    stream: { app: "a" },
    metadata: { detected_level: "error", trace: "m" },
    parsed: { app_extracted: "own", trace_extracted: "l", x: "1" },
  });
});

test("line filters agree with plain JavaScript, before and behind a stage that changes nothing", async () => {
  const words = ["err", "or", "a", " ", "=", "1", "é", "x"];
  let state = 5;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  const text = (most: number) =>
    Array.from({ length: 1 + random(most) }, () => words[random(words.length)]).join("");
  for (let i = 0; i < 150; i++) {
    const lines = Array.from({ length: 10 }, () => text(8));
    const [a, b, c] = [text(2), text(2), text(2)];
    const query = `|= ${JSON.stringify(a)} or ${JSON.stringify(b)} != ${JSON.stringify(c)}`;
    const expected = lines.filter(
      (line) => (line.includes(a) || line.includes(b)) && !line.includes(c),
    );
    for (const stages of [
      query,
      `| label_format q="" ${query}`,
      `| line_format "{{__line__}}" ${query}`,
    ]) {
      const given = lines.map((line, at) => ({ at, line }));
      const found = await entriesOf(`{app="a"} ${stages}`, given);
      expect(found.map(({ body }) => body)).toEqual(expected);
    }
  }
});

test("a number is compared whatever the query calls the field", async () => {
  for (const [stages, line] of [
    ['pattern "took <dur> ms"', "took 7 ms"],
    ['regexp "took (?P<dur>[0-9]+)"', "took 7 ms"],
    ['json dur="x"', '{"x":7}'],
    ['logfmt dur="x"', "x=7"],
    ["json | label_format dur=x", '{"x":7}'],
  ] as const)
    expect(await entriesOf(`{app="a"} | ${stages} | dur > 5`, [{ line }])).toHaveLength(1);
});

test("conditions on parsed labels find the same records whether lines are searched before or not", async () => {
  let state = 9;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  const values = ["/cart", "a b", String.raw`\u002fcart`, "x|y", "é", "5", "fail", "1.5s"];
  const value = () => values[random(values.length)] ?? "";
  const keys = ["path", "out-come", "n_1", "app", "trace"];
  const key = () => keys[random(keys.length)] ?? "";
  const json = () => `{"${key()}":"${value()}","in":{"${key()}":"${value()}"},"n_1":${random(9)}}`;
  const logfmt = () => `${key()}="${value()}" n_1=${random(9)}`;
  const given: Given[] = Array.from({ length: 300 }, (_, at) => ({
    at,
    line: random(8) === 0 ? "no fields" : random(2) === 0 ? json() : logfmt(),
    stream: random(3) === 0 ? { app: "a", path: "/cart" } : { app: "a" },
    ...(random(4) === 0 ? { attributes: { trace: value() } } : {}),
  }));
  const filters = [
    'path="/cart"',
    'path=~"fail|/cart|a b" or out_come="a b"',
    'n_1>4 and path!="x|y"',
    'in_path="é", n_1<8',
    'path="/cart" or __error__!=""',
    'trace="fail"',
    'trace_extracted="fail" or in_trace="5"',
    'app_extracted=~".+"',
    "n_1=5 or in_n_1>1s",
    '(path="5" or in_path="5") and app="a"',
  ];
  let found = 0;
  for (const parser of [
    "json",
    "logfmt",
    'regexp "(?P<path>/c[a-z]+)"',
    'pattern "{\\"<_>\\":\\"<path>\\""',
  ])
    for (const filter of filters) {
      const lines = async (stages: string) =>
        (await entriesOf(`{app="a"} ${stages}`, given)).map(({ body, timestampNs }) => [
          timestampNs,
          body,
        ]);
      const searched = await lines(`| ${parser} | ${filter}`);
      expect(searched).toEqual(await lines(`| label_format zz="1" | ${parser} | ${filter}`));
      found += searched.length;
    }
  expect(found).toBeGreaterThan(1_000);
});

test("any query over any lines gives an answer, or a refusal in words", async () => {
  const lines = [
    "",
    "\u0000\ufffd\ud800",
    '{"a":{"b":[1,{"c":null}]},"duration":"5s","level":"\\u00e9"}',
    '{"_entry":"x","status_code":"7"',
    'level=info duration=5ms count="a b" app=',
    "10.0.0.5 - - [now] \u001b[31mGET\u001b[0m a x b",
    "[".repeat(3_000),
    "x".repeat(20_000),
  ];
  const given = lines.map((line, at) => ({
    at,
    line,
    stream: { app: "x" },
    attributes: { level: "warn" },
  }));
  let answers = 0;
  for (let seed = 0; seed < 400; seed++) {
    const query = randomQuery(seed);
    const text = printLogql(query);
    const run = query.kind === "log" ? entriesOf(text, given) : seriesOf(text, given, [0, 60, 10]);
    const outcome = await run.then(
      () => "answered",
      (error: unknown) => (error instanceof OperatingError ? "refused" : String(error)),
    );
    expect(["answered", "refused"]).toContain(outcome);
    if (outcome === "answered") answers++;
  }
  expect(answers).toBeGreaterThan(100);
});

test("entries an interval apart are those that would be left of all", async () => {
  const times = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      times,
      fc.constantFrom("forward" as const, "backward" as const),
      fc.constantFrom(1, 250, 500, 3_000),
      fc.constantFrom('{app="a"}', '{app="a"} | logfmt | odd="1"'),
      fc.integer({ min: 1, max: 8 }),
      async (quarters, direction, intervalMs, text, limit) => {
        const given = quarters.map((at, i) => ({
          at: at / 4 + 1e-9 * (i % 3),
          line: `odd=${i % 2} n=${i}`,
        }));
        const query = parseLogql(text);
        if (query.kind !== "log") throw new Error("no log query");
        const range = { startNs: 0n, endNs: 1n << 62n, direction };
        const scope = scopeOf(sourceOf(given));
        const left: bigint[] = [];
        for (const { timestampNs } of await selectRecords(
          query,
          { ...range, limit: 1_000 },
          scope,
        )) {
          const apart = timestampNs - (left.at(-1) ?? -(1n << 62n));
          if ((apart < 0n ? -apart : apart) >= BigInt(intervalMs) * 1_000_000n)
            left.push(timestampNs);
        }
        const found = await selectRecords(query, { ...range, limit, intervalMs }, scope);
        expect(found.map(({ timestampNs }) => timestampNs)).toEqual(left.slice(0, limit));
      },
    ),
  );
});
