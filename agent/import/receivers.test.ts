import { encode } from "@msgpack/msgpack";
import { YAML } from "bun";
import { expect, test } from "bun:test";
import { connect } from "node:net";
import { z } from "zod";
import { fluent } from "#agent/collect/receivers/fluent/receiver.ts";
import { Held, eventually, started } from "#agent/collect/receivers/receiver.fixture.ts";
import type { OpenedReceiver, ReceiverContext } from "#agent/collect/receivers/receiver.ts";
import { syslog } from "#agent/collect/receivers/syslog/receiver.ts";
import { AgentConfig } from "#agent/config/config.ts";
import { ProcessorChain } from "#agent/pipeline/processors/chain.ts";
import { LogMetrics } from "#agent/pipeline/processors/log_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { imported } from "#test/support/imported.ts";
import { recordsOf } from "#test/support/processed.ts";
import type { Imported } from "./import_config.ts";

const Written = z.looseObject({
  receivers: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** What a running receiver and the processors of an import make of bytes that are sent to its port. */
async function received(
  { text }: Imported,
  name: "fluent" | "syslog",
  listen: string,
  bytes: Uint8Array,
  expected: number,
) {
  const written = Written.parse(YAML.parse(text)).receivers[name];
  const { processors: _, ...options } = { ...written, [listen]: "127.0.0.1:0" };
  const bound =
    AgentConfig.parse(YAML.parse(text)).receivers.bound.get(name)?.processors?.bound ?? [];
  const chain = new ProcessorChain(
    bound,
    { clock: systemClock, metrics: new LogMetrics() },
    undefined,
  );
  const records: ReturnType<typeof recordsOf> = [];
  let seen = 0;
  const open = (context: ReceiverContext): OpenedReceiver => {
    const own: ReceiverContext = {
      ...context,
      emitLogs: async (batch) => {
        seen += batch.bodyEnds.length;
        records.push(...recordsOf(chain.apply(batch, () => undefined)));
      },
    };
    return name === "fluent"
      ? fluent.open(fluent.config.parse(options), own)
      : syslog.open(syslog.config.parse(options), own);
  };
  const { ports, receiver } = await started(open, new Held());
  const socket = connect(ports[0] ?? 0, "127.0.0.1");
  await new Promise<void>((resolve) => void socket.end(bytes, resolve));
  await eventually(() => seen === expected);
  await receiver.stop?.();
  return records;
}

const forward = (filters: string) =>
  `[INPUT]\n  Name forward\n${filters}[OUTPUT]\n  Name loki\n  Match *\n`;
const filter = (name: string, ...lines: string[]) =>
  `[FILTER]\n  Name ${name}\n  Match *\n${lines.map((line) => `  ${line}\n`).join("")}`;
const sent = (...records: readonly object[]) =>
  encode(["t", records.map((record) => [1_750_000_000, record])]);
const throughForward = async (filters: string, ...records: readonly object[]) =>
  received(
    imported("fluent-bit", forward(filters)),
    "fluent",
    "listen",
    sent(...records),
    records.length,
  );

test("fluent-bit: a filter of forwarded records on `log` works on the line", async () => {
  const lines = [{ log: "foo 1" }, { log: "bar" }, { log: "foo secret" }];
  const kept = await throughForward(
    filter("grep", "Regex log foo") + filter("grep", "Exclude log secret"),
    ...lines,
  );
  expect(kept.map(({ body }) => body)).toEqual(["foo 1"]);
});

test("fluent-bit: parsers, conditions and copies of forwarded records take the line under its key", async () => {
  const [first, second] = await throughForward(
    filter("parser", "Key_Name log", "Parser json") +
      filter("modify", "Condition Key_value_matches log noise", "Set kind noise") +
      filter("record_modifier", "Record site north", "Remove_key secret"),
    { log: '{"a":"1","secret":"x"}' },
    { log: "noise", hostname: "web-1" },
  );
  expect(first).toMatchObject({
    body: '{"a":"1","secret":"x"}',
    attributes: { a: "1", site: "north" },
  });
  expect(first?.attributes.secret).toBeUndefined();
  expect(second).toMatchObject({ attributes: { kind: "noise" }, stream: { host: "web-1" } });
});

test("fluent-bit: a second key of a line that a filter names stays a field", async () => {
  const kept = await throughForward(
    filter("grep", "Regex log ^a") + filter("grep", "Exclude message quiet"),
    { log: "a", message: "loud" },
    { log: "a", message: "quiet" },
  );
  expect(kept.map(({ body, attributes }) => [body, attributes.message])).toEqual([["a", "loud"]]);
});

test("fluent-bit: keys that the receiver makes labels of are found as labels", async () => {
  const kept = await throughForward(
    filter("grep", "Exclude hostname ^web-2$") +
      filter("record_modifier", "Remove_key container_name"),
    { log: "a", hostname: "web-1", container_name: "c" },
    { log: "b", hostname: "web-2" },
  );
  expect(kept.map(({ body, stream }) => [body, stream.host, stream.container])).toEqual([
    ["a", "web-1", undefined],
  ]);
});

const vector = (program: string, sink = "") => `
[sources.in]
type = "syslog"
mode = "tcp"
address = "127.0.0.1:601"
${program}
[sinks.out]
type = "loki"
inputs = ["last"]
${sink}`;
const syslogLine = (priority: number, app: string, text: string) =>
  `<${priority}>1 2026-01-02T03:04:05Z web ${app} 7 ID1 - ${text}\n`;
const throughSyslog = async (text: string, ...lines: readonly string[]) => {
  const result = imported("vector", text, { file: "v.toml" });
  const records = await received(
    result,
    "syslog",
    "tcp_listen",
    Buffer.from(lines.join("")),
    lines.length,
  );
  return { result, records };
};

test("vector: severity, appname, hostname and facility of syslog are found in conditions", async () => {
  const { records, result } = await throughSyslog(
    vector(`
[transforms.loud]
type = "filter"
inputs = ["in"]
condition = '.severity != "debug" && .facility != "mail"'
[transforms.last]
type = "remap"
inputs = ["loud"]
source = '''
if .appname == "cron" { abort }
if .severity == "err" { .bad = .hostname }
'''`),
    syslogLine(15, "api", "debug"),
    syslogLine(14, "cron", "info"),
    syslogLine(11, "api", "err"),
    syslogLine(22, "api", "mail"),
    syslogLine(14, "api", "info"),
  );
  expect(
    records.map(({ body, attributes }) => [body, attributes.bad, attributes.severity]),
  ).toEqual([
    ["err", "web", "err"],
    ["info", undefined, "info"],
  ]);
  expect(records[0]?.stream.severity).toBeUndefined();
  expect(result.remarks.filter(({ stop }) => stop !== undefined)).toEqual([]);
});

test("vector: labels of a sink that are parts of a syslog message have their values", async () => {
  const { records } = await throughSyslog(
    vector(
      `[transforms.last]\ntype = "remap"\ninputs = ["in"]\nsource = 'del(.facility)'\n`,
      `labels = { appname = "{{ appname }}", severity = "{{ severity }}", from = "{{ source_ip }}", pid = "{{ procid }}" }`,
    ),
    syslogLine(12, "api", "x"),
  );
  expect(records[0]?.stream).toMatchObject({
    appname: "api",
    severity: "warning",
    from: "127.0.0.1",
    pid: "7",
  });
  expect(records[0]?.stream.facility).toBeUndefined();
});

test("vector: a part of a syslog message that nothing here has stops the import", () => {
  const { remarks } = imported(
    "vector",
    vector(`[transforms.last]\ntype = "filter"\ninputs = ["in"]\ncondition = '.version == 1'\n`),
    { file: "v.toml" },
  );
  expect(remarks).toContainEqual(
    expect.objectContaining({ stop: { name: "sources.in.type", effect: "unknown" } }),
  );
});
