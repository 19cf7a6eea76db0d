import { afterAll, expect, test } from "bun:test";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

// Protobuf as it is on the wire: a tag (field << 3 | wire type), then the value.
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
const whole = (field: number, value: number) => [...varint(field * 8), ...varint(value)];
const sint = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value);
const message = (field: number, bytes: number[]) => [
  ...varint(field * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
];
const double = (field: number, value: number) => [
  ...varint(field * 8 + 1),
  ...new Uint8Array(Float64Array.of(value).buffer),
];

/** A MetricFamily `h` with one native histogram: ten observations each in (1,2] and (2,4] a scrape, and classic buckets. */
function exposition(scrapes: number) {
  const each = 10 * scrapes;
  const histogram = [
    ...whole(1, 2 * each),
    ...double(2, 3.5 * each),
    ...message(3, [...whole(1, each), ...double(2, 2)]),
    ...whole(5, sint(0)),
    ...double(6, 0.001),
    ...message(12, [...whole(1, sint(1)), ...whole(2, 2)]),
    ...whole(13, sint(each)),
    ...whole(13, sint(0)),
  ];
  const name = ["h".charCodeAt(0)];
  const family = [...message(1, name), ...whole(3, 4), ...message(4, message(7, histogram))];
  return Uint8Array.from([...varint(family.length), ...family]);
}

const quantile = "histogram_quantile(0.9, rate(h[1m]))";
/** 16 of 20 a scrape lie below rank 0.8 of the second bucket, which is interpolated exponentially: 2 * 2^0.8. */
const expected = 2 ** 1.8;

test("native histograms are scraped, queried, and still there after a restart", async () => {
  let scrapes = 0;
  let accepted = "";
  let isHolding = false;
  const held = Promise.withResolvers<void>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      if (isHolding) {
        held.resolve();
        return new Promise<Response>(() => {});
      }
      accepted = request.headers.get("accept") ?? "";
      const type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily";
      const headers = { "content-type": `${type}; encoding=delimited` };
      return new Response(exposition(++scrapes), { headers });
    },
  });
  stage.after(() => server.stop(true));
  const job = (target: string) => ({
    role: "up" as const,
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      scrape_configs: [
        {
          job_name: "native",
          scrape_interval: "500ms",
          scrape_native_histograms: true,
          static_configs: [{ targets: [target] }],
        },
      ],
    },
  });
  const first = await stage.start(job(`127.0.0.1:${server.port}`));
  const before = asking(first.url);
  const found = await until("a quantile", async () => {
    const [one] = await before.promql(quantile);
    return one !== undefined && Number.isFinite(one.value) && one;
  });
  expect(found.value).toBeCloseTo(expected, 9);
  expect(accepted).toStartWith("application/vnd.google.protobuf");
  // Classic buckets are left out where native ones are there.
  expect(await before.promql('{__name__=~"h_.+"}')).toEqual([]);
  const account = await before.account("metrics");
  expect(account?.dropped).toEqual({});

  // A target's scrapes go one after another: when the next one begins, all that were answered are taken.
  isHolding = true;
  await held.promise;
  // A graceful end writes the head to blocks; nothing new is scraped afterwards.
  expect(await first.end("SIGTERM")).toBe(0);
  await server.stop(true);
  const blocks = new Bun.Glob("**/*.parquet").scanSync(stage.path("data"));
  expect([...blocks].length).toBeGreaterThan(0);
  const second = await stage.start(job("127.0.0.1:1"));
  const after = asking(second.url);
  const [kept] = await after.promql("histogram_quantile(0.9, rate(h[5m]))");
  expect(kept?.value).toBeCloseTo(expected, 9);
  const [count] = await after.promql("histogram_count(last_over_time(h[5m]))");
  expect(count?.value).toBe(20 * scrapes);
  expect(
    await after.sql("SELECT count(*) FROM metrics WHERE name = 'h' AND value IS NULL"),
  ).toEqual([[String(scrapes)]]);
}, 60_000);
