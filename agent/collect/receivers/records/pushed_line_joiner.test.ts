import { connect } from "node:net";
import { expect, test } from "bun:test";
import { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { printedTraces } from "../../sources/file_logs/stack_traces.fixture.ts";
import { jsonLogs } from "../json_logs/receiver.ts";
import { KeptRecords } from "./kept_records.ts";
import { LogQueue } from "./log_queue.ts";
import { loki } from "../loki/receiver.ts";
import { Held, eventually, started } from "../receiver.fixture.ts";
import { syslog } from "../syslog/receiver.ts";

const second = 1_000_000_000n;
const record = (body: string, unixNanos = 1n, attributes?: Record<string, string>) => ({
  unixNanos,
  severity: 0,
  body: Buffer.from(body),
  attributes,
});
const told = (held: Held, name: string, value: string) =>
  held.logs.filter(({ stream }) => stream[name] === value).map(({ line }) => line);

const syslogOf = (host: string, text: string) =>
  `<11>1 2025-10-09T08:53:20Z ${host} app 7 - - ${text}\n`;

/** What becomes of lines that come in one batch. */
async function joined(config: object, lines: readonly ReturnType<typeof record>[]) {
  const held = new Held();
  const records = new KeptRecords(held.context(), 1_000, MultilineConfig.parse(config));
  for (const line of lines) records.add({ job: "a" }, line);
  expect(records.lines).toBe(lines.length);
  const { length } = records;
  await records.emit((batch) => held.context().emitLogs(batch));
  expect(held.logs.length).toBe(length);
  return held.logs;
}

test("stack traces of a batch are one record each, those of two streams between each other", async () => {
  const held = new Held();
  const records = new KeptRecords(held.context(), 100_000, MultilineConfig.parse({}));
  const traces = Object.values(printedTraces).flat();
  const wanted = traces.flatMap((trace, i) => [trace, `10:00 INFO after ${i}`]);
  const lines = wanted.flatMap((trace) => trace.split("\n"));
  lines.forEach((line, i) => {
    records.add({ job: "a" }, record(line, BigInt(i + 1)));
    records.add({ job: "b" }, record(`GET /${i}`, BigInt(i + 1)));
  });
  await records.emit((batch) => held.context().emitLogs(batch));
  expect(told(held, "job", "a")).toEqual(wanted);
  expect(told(held, "job", "b")).toEqual(lines.map((_, i) => `GET /${i}`));
});

test("nothing is joined over other attributes, a pause, or a limit; the first line's time and attributes stay", async () => {
  const mode = { mode: "indented" };
  const [first] = await joined(mode, [record("a", 5n, { x: "1" }), record(" b", 6n, { x: "1" })]);
  expect([first?.line, first?.nanos, first?.attributes]).toEqual(["a\n b", 5, { x: "1" }]);
  const lines = async (config: object, ...given: ReturnType<typeof record>[]) =>
    (await joined({ ...mode, ...config }, given)).map(({ line }) => line);
  expect(await lines({}, record("a", 5n, { x: "1" }), record(" b", 6n, { x: "2" }))).toEqual([
    "a",
    " b",
  ]);
  expect(await lines({}, record("a", second), record(" b", 3n * second))).toEqual(["a", " b"]);
  expect(
    await lines({ lines_max: 2 }, record("a"), record(" b"), record(" c"), record(" d")),
  ).toEqual(["a\n b", " c\n d"]);
  const long = ` ${"x".repeat(700)}`;
  expect(await lines({}, record("a"), record(long), record(long))).toEqual([`a\n${long}`, long]);
});

test("lines that wait for one that does not come are records of their own", async () => {
  const trace = [
    "Traceback (most recent call last):",
    '  File "a.py", line 1',
    "",
    "ValueError: x",
  ];
  const lines = ["ok", ...trace, "", "", "next"].map((line, i) => record(line, BigInt(i + 1)));
  const logs = await joined({}, lines);
  expect(logs.map(({ line }) => line)).toEqual(["ok", trace.join("\n"), "", "", "next"]);
});

test("a queue waits for more of a record over its batches, and not longer than flush_timeout", async () => {
  const held = new Held();
  const queue = new LogQueue(held.context(), 1_000, MultilineConfig.parse({ mode: "indented" }));
  queue.add({ job: "a" }, record("before"));
  queue.add({ job: "a" }, record("first"));
  await eventually(() => held.batches === 1);
  queue.add({ job: "a" }, record("  second"));
  await Bun.sleep(150);
  expect(told(held, "job", "a")).toEqual(["before"]);
  held.nowMs += 1_001;
  await eventually(() => held.batches === 2);
  expect(told(held, "job", "a")).toEqual(["before", "first\n  second"]);
  queue.add({ job: "a" }, record("last"));
  await queue.written();
  expect(told(held, "job", "a").at(-1)).toBe("last");
});

test("syslog: messages of a sender are joined, those of another are not in between", async () => {
  const held = new Held();
  const config = syslog.config.parse({ tcp_listen: "127.0.0.1:0", multiline: {} });
  const { ports, receiver } = await started((context) => syslog.open(config, context), held);
  const socket = connect(ports[0] ?? 0, "127.0.0.1");
  const lines = ["java.lang.Error: why", "\tat a.b(C.java:1)", "\tat a.c(C.java:2)"];
  socket.end(lines.map((line) => syslogOf("one", line) + syslogOf("two", "GET /")).join(""));
  await eventually(() => {
    held.nowMs += 50;
    return held.logs.length >= 4;
  });
  await receiver.stop?.();
  expect(told(held, "host", "one")).toEqual([lines.join("\n")]);
  expect(told(held, "host", "two")).toEqual(["GET /", "GET /", "GET /"]);
});

test("loki and json_logs: lines are joined within a push, and all of it is in the spool when it is answered", async () => {
  const held = new Held();
  const lines = ["java.lang.Error: why", "\tat a.b(C.java:1)"];
  const values = lines.map((line, i) => [
    String(BigInt(held.nowMs) * 1_000_000n + BigInt(i)),
    line,
  ]);
  const body = JSON.stringify({ streams: [{ stream: { app: "x" }, values }] });
  const headers = { "content-type": "application/json" };
  const { routes } = loki.open(loki.config.parse({ multiline: {} }), held.context());
  const push = () => routes.request("/loki/api/v1/push", { method: "POST", headers, body });
  held.isBroken = true;
  expect((await push()).status).toBe(503);
  held.isBroken = false;
  expect((await push()).status).toBe(204);
  expect(told(held, "app", "x")).toEqual([lines.join("\n")]);
  const json = jsonLogs.open(jsonLogs.config.parse({ multiline: {} }), held.context());
  const documents = lines.map((message) => JSON.stringify({ message, app: "y" })).join("\n");
  const path = "/api/v1/monitoring/logs";
  const answer = await json.routes.request(path, { method: "POST", body: documents });
  expect(await answer.json()).toEqual({ stored: 2, refused: [] });
  expect(told(held, "app", "y")).toEqual([lines.join("\n")]);
});
