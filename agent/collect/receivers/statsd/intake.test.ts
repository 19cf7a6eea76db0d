import { expect, test } from "bun:test";
import type { Labels } from "#shared/model/labels.ts";
import { parseMappingConfig } from "../samples/metric_mapping/mapping_config.ts";
import { MetricMapper } from "../samples/metric_mapping/metric_mapper.ts";
import { Held } from "../receiver.fixture.ts";
import { StatsdConfig } from "./config.ts";
import { StatsdIntake } from "./intake.ts";

const intervalMs = 15_000;

function opened(options: object = {}, mapping?: string) {
  const held = new Held();
  held.nowMs = Math.ceil(held.nowMs / intervalMs) * intervalMs;
  const mapper =
    mapping === undefined ? undefined : new MetricMapper(parseMappingConfig(mapping, "file"));
  const intake = new StatsdIntake(StatsdConfig.parse(options), held.context(), mapper);
  const send = (text: string | Uint8Array) => {
    const packet = Buffer.from(text);
    intake.take(packet, 0, packet.length);
  };
  /** The next interval ends. */
  const tick = async () => {
    held.nowMs += intervalMs;
    await intake.write(held.nowMs);
  };
  const sendAndTick = async (text: string | Uint8Array) => {
    send(text);
    await tick();
  };
  const values = (labels: Labels) => held.of(labels).map(({ value }) => value);
  const last = (labels: Labels) => values(labels).at(-1);
  return { held, intake, send, tick, sendAndTick, values, last };
}

test("counters add up over intervals, begin with 0, and count what was sampled", async () => {
  const { sendAndTick, tick, values, held } = opened();
  await sendAndTick("hits:1|c\nhits:2|c|@0.1\r\n\nhits:3|m");
  await tick();
  await sendAndTick("hits:1|c");
  expect(values({ __name__: "hits" })).toEqual([0, 24, 24, 25]);
  const times = held.of({ __name__: "hits" }).map(({ timestampMs }) => timestampMs);
  expect(times).toEqual([0, 1, 2, 3].map((i) => held.nowMs - (3 - i) * intervalMs));
  expect(held.families.get("hits")?.type).toBe("counter");
  expect(held.drops).toEqual({});
});

test("gauges are set, or changed by a sign; to Datadog a sign is a sign", async () => {
  const { sendAndTick, values, last } = opened();
  await sendAndTick("g:10|g");
  await sendAndTick("g:-3|g\ng:+1|g|@0.5");
  expect(values({ __name__: "g" })).toEqual([10, 8]);
  await sendAndTick("g:0|g\ng:-2.5e1|g");
  expect(last({ __name__: "g" })).toBe(-25);
  const datadog = opened({ gauge_sign: "absolute" });
  await datadog.sendAndTick("g:10|g\ng:-3|g");
  expect(datadog.last({ __name__: "g" })).toBe(-3);
});

test("sets count their different members of an interval, exactly while they are few", async () => {
  const { send, tick, sendAndTick, values, last } = opened();
  await sendAndTick("users:ann|s\nusers:bob|s\nusers:ann|s");
  await tick();
  expect(values({ __name__: "users" })).toEqual([2, 0]);
  for (let i = 0; i < 20_000; i++) send(`users:${i % 10_000}|s`);
  await tick();
  expect(Math.abs(Number(last({ __name__: "users" })) - 10_000)).toBeLessThan(700);
});

test("every dialect of tags names the same series", async () => {
  const { sendAndTick, held, last } = opened();
  await sendAndTick(
    [
      "web.hits:1|c|#host:a,route:/x",
      "web.hits,host=a,route=/x:1|c",
      "web.hits#host=a,route=/x:1|c",
      "web.hits[host=a,route=/x]:1|c",
      "web[route=/x,host=a].hits:1|c",
      "web.hits;host=a;route=/x:1|c",
      "web.hits:1|c|#route:/x,host:a|T1700000000",
    ].join("\n"),
  );
  expect(held.labels.size).toBe(1);
  expect(last({ __name__: "web_hits", host: "a", route: "/x" })).toBe(7);
  const none = opened({ tag_formats: [] });
  await none.sendAndTick("a,b=c:1|c\na:1|c|#x:y");
  expect(none.held.names()).toEqual(["a", "a_b_c"]);
});

test("tags: names are sanitised, a value may be missing, what can't be read is counted once", async () => {
  const { sendAndTick, held, last } = opened({ labels: { env: "test" } });
  const line = "m:1|c|#a.b:c:d,flag,:x,y:,__name__:no,url:http://h";
  await sendAndTick(`${line}\n${line}`);
  expect(last({ __name__: "m", env: "test", a_b: "c:d", flag: "true", url: "http://h" })).toBe(2);
  expect(Object.keys([...held.labels.values()][0] ?? {}).length).toBe(5);
  expect(held.notStored).toEqual({ tag: 3 });
});

test("several values and several samples in a line; sections in any order, unknown ones skipped", async () => {
  const { sendAndTick, last, held } = opened({ observer_type: "classic" });
  await sendAndTick("d:1:2:3|d|@0.5|#a:b|e:x-y|card:low\nd:4|d|#a:b|c:in-1|@0.5");
  expect(last({ __name__: "d_count", a: "b" })).toBe(8);
  expect(last({ __name__: "d_sum", a: "b" })).toBe(20);
  await sendAndTick("multi:1|c:2|c|@0.5:3|c\nt:320|ms:1|c");
  expect(last({ __name__: "multi" })).toBe(8);
  expect(last({ __name__: "t_sum" })).toBe(0.32);
  expect(held.drops).toEqual({ invalid_sample: 1 });
});

test("a container id is left out, or a label", async () => {
  const line = "m:1|c|c:ci-abc\nm:1|c|c:ci-def";
  const without = opened();
  await without.sendAndTick(line);
  expect(without.last({ __name__: "m" })).toBe(2);
  const labelled = opened({ container_id_label: "container_id" });
  await labelled.sendAndTick(line);
  expect(labelled.last({ __name__: "m", container_id: "ci-def" })).toBe(1);
});

test("gauges with times of their own are stored at them; counters count now", async () => {
  const { held, sendAndTick, tick } = opened();
  const at = held.nowMs / 1_000 - 60;
  await sendAndTick(`g:5|g|T${at}\ng:6|g|T${at + 1}\nc:2|c|T${at}\ng:7|g|T${at + 9_999}`);
  await tick();
  expect(held.of({ __name__: "g" })).toEqual([
    { timestampMs: at * 1_000, value: 5 },
    { timestampMs: (at + 1) * 1_000, value: 6 },
  ]);
  expect(held.of({ __name__: "c" }).at(-1)?.value).toBe(2);
  await sendAndTick(`g:5|g|T${at - 99_999}`);
  expect(held.drops).toEqual({ out_of_bounds_timestamp: 1, too_old_sample: 1 });
});

test("a series without samples for its TTL ends, and begins anew at its end", async () => {
  const { sendAndTick, tick, values, held } = opened({ ttl: "30s" });
  await sendAndTick("c:5|c\ng:1|g");
  await tick();
  await tick();
  await tick();
  expect(values({ __name__: "c" })).toEqual([0, 5, "stale"]);
  expect(values({ __name__: "g" })).toEqual([1, "stale"]);
  await sendAndTick("c:2|c");
  expect(values({ __name__: "c" }).slice(3)).toEqual([0, 2]);
  const again = opened({ ttl: "15s" });
  await again.sendAndTick("c:5|c");
  await again.tick();
  await again.sendAndTick("c:2|c");
  expect(again.held.of({ __name__: "c" })).toEqual([
    { timestampMs: again.held.nowMs - 3 * intervalMs, value: 0 },
    { timestampMs: again.held.nowMs - 2 * intervalMs, value: 5 },
    { timestampMs: again.held.nowMs - intervalMs, value: "stale" },
    { timestampMs: again.held.nowMs - intervalMs + 1, value: 0 },
    { timestampMs: again.held.nowMs, value: 2 },
  ]);
  expect(held.drops).toEqual({});
});

test("what can't be read is counted, and its neighbours are kept", async () => {
  const { sendAndTick, last, held } = opened();
  const bad = [
    "nothing",
    ":1|c",
    "a:1",
    "a:|c",
    "a:1|x",
    "a:1|",
    "a:x|c",
    "a:-1|c",
    "a:1e999|g",
    "a:NaN|g",
    "a:1|c|@0",
    "a:1|c|@x",
    "a:1|g|Tx",
  ];
  await sendAndTick([...bad, "good:1|c"].join("\n"));
  expect(last({ __name__: "good" })).toBe(1);
  expect(held.drops).toEqual({ invalid_sample: bad.length });
  await sendAndTick(
    Buffer.concat([Buffer.from("a"), Buffer.of(0xff), Buffer.from(":1|c\ngood:1|c")]),
  );
  expect(last({ __name__: "good" })).toBe(2);
  await sendAndTick(`${"x".repeat(9_000)}:1|c\n${"t:v,".repeat(65)}\ng:1|g|#${"a:b,".repeat(65)}`);
  expect(held.drops).toEqual({ invalid_sample: bad.length + 2, label_limit: 2 });
});

test("one name is of one type; another is refused while the first is there", async () => {
  const { sendAndTick, tick, held, last } = opened({ ttl: "15s" });
  await sendAndTick("m:1|c\nm:2|g");
  expect(last({ __name__: "m" })).toBe(1);
  expect(held.drops).toEqual({ invalid_sample: 1 });
  await tick();
  await sendAndTick("m:2|g");
  expect(last({ __name__: "m" })).toBe(2);
});

test("series over the limit are refused and counted, known ones go on", async () => {
  const { sendAndTick, held, last } = opened({ series_max: 10 });
  const lines = Array.from({ length: 30 }, (_, i) => `m:1|c|#i:${i}`);
  await sendAndTick(lines.join("\n"));
  await sendAndTick(lines.join("\n"));
  expect(held.drops).toEqual({ series_limit: 40 });
  expect(last({ __name__: "m", i: "9" })).toBe(2);
  const full = opened();
  await full.sendAndTick("a:1|c");
  full.held.hasRoom = false;
  await full.sendAndTick("a:1|c\nb:1:2|h");
  expect(full.last({ __name__: "a" })).toBe(2);
  expect(full.held.drops).toEqual({ series_limit: 2 });
});

test("timers are native histograms in seconds; what a spool refused comes with the next write", async () => {
  const { held, send, tick } = opened();
  send("t:100|ms\nt:200|ms|@0.5\nt:0|ms");
  await tick();
  held.isBroken = true;
  send("t:400|ms");
  expect(tick()).rejects.toThrow("broken");
  held.isBroken = false;
  await tick();
  const [zero, first, last] = held.histograms.map(({ histogram }) => histogram);
  expect(zero).toMatchObject({ count: 0, schema: 3 });
  expect(first).toMatchObject({ count: 4, sum: 0.5, zeroCount: 1, schema: 3 });
  expect(last).toMatchObject({ count: 5, zeroCount: 1 });
  expect([...(last?.positive.counts ?? [])]).toEqual([1, 2, 1]);
});

test("classic buckets and summaries, as configured or by the rules of a file", async () => {
  const { sendAndTick, last, held } = opened(
    {},
    `
defaults: { ttl: 30s }
mappings:
- { match: "api.*.time", name: api_seconds, labels: { route: "$1" }, observer_type: histogram, histogram_options: { buckets: [1, 0.1] }, help: Time. }
- { match: "db.*", name: db_seconds, observer_type: summary, summary_options: { quantiles: [{ quantile: 0.5, error: 0.05 }] } }
- { match: "kb.*", name: bytes, scale: 1024, match_metric_type: gauge }
- { match: "fine.*", name: fine, observer_type: histogram, histogram_options: { native_histogram_bucket_factor: 1.02 } }
- { match: ".*secret.*", match_type: regex, action: drop, name: dropped }
`,
  );
  const lines = ["api.users.time:50|ms", "api.users.time:500|ms|@0.5", "api.users.time:5000|ms"];
  for (let i = 1; i <= 99; i++) lines.push(`db.q:${i * 1_000}|ms`);
  await sendAndTick([...lines, "kb.a:2|g", "a.secret.b:1|c", "fine.x:1|h"].join("\n"));
  expect(["0.1", "1", "+Inf"].map((le) => last({ __name__: "api_seconds_bucket", le }))).toEqual([
    1, 3, 4,
  ]);
  expect(last({ __name__: "api_seconds_count", route: "users" })).toBe(4);
  expect(held.families.get("api_seconds")).toMatchObject({ type: "histogram", help: "Time." });
  expect(Math.abs(Number(last({ __name__: "db_seconds", quantile: "0.5" })) - 50)).toBeLessThan(1);
  expect(last({ __name__: "db_seconds_count" })).toBe(99);
  expect(last({ __name__: "bytes" })).toBe(2_048);
  expect(held.histograms.at(-1)?.histogram.schema).toBe(6);
  expect(held.drops).toEqual({ relabel: 1 });
});

test("events and service checks are records; a check is a gauge, too", async () => {
  const { held, intake, sendAndTick, last } = opened({ labels: { env: "test" } });
  const title = "Déploiement";
  const body = String.raw`all | done\nnow`;
  const event = `_e{${Buffer.byteLength(title)},${Buffer.byteLength(body)}}:${title}|${body}|d:1760000000|t:error|h:web1|p:low|#a:b,flag`;
  await sendAndTick(
    `${event}\n_sc|db.ok|2|h:web1|#service:shop|m:no | answer\n_e{9,1}:x|y\n_sc|x|7`,
  );
  await intake.written();
  expect(held.logs.map(({ line, severity, stream }) => [line, severity, stream])).toEqual([
    [
      "all | done\nnow",
      17,
      { env: "test", job: "dogstatsd", kind: "event", host: "web1", service_name: "dogstatsd" },
    ],
    [
      "no | answer",
      17,
      { env: "test", job: "dogstatsd", kind: "service_check", host: "web1", service_name: "shop" },
    ],
  ]);
  expect(held.logs[0]).toMatchObject({
    timestampMs: 1_760_000_000_000,
    attributes: { title, tag_a: "b", tag_flag: "true", priority: "low", alert_type: "error" },
  });
  expect(last({ __name__: "dogstatsd_service_check_status", check: "db.ok", host: "web1" })).toBe(
    2,
  );
  expect(held.drops).toEqual({ invalid_record: 2 });
});
