import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchLogRecordProcessor,
  type LogRecordExporter,
  LoggerProvider,
} from "@opentelemetry/sdk-logs";
import { EventTime, FluentClient } from "@fluent-org/logger";
import { printedTraces } from "#agent/collect/sources/file_logs/stack_traces.fixture.ts";
import { asking, until } from "#test/support/asking.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { Stage } from "#test/support/stage.ts";

// Programs whose loggers send a stack trace line by line: each is one record in the store, what stands between them is as it was sent, and the
// account counts what is stored.

const anyPort = "127.0.0.1:0";
const stage = new Stage();
let up: LapwingProcess;
let lapwing: ReturnType<typeof asking>;
beforeAll(async () => {
  const multiline = { flush_timeout: "2s" };
  up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      receivers: {
        otlp: { multiline },
        fluent: { listen: anyPort, multiline, message_size_max: "1MiB" },
        gelf: { tcp_listen: anyPort, udp_listen: anyPort, multiline },
      },
    },
  });
  lapwing = asking(up.url);
});
afterAll(() => stage.stop());

const traces = Object.values(printedTraces).flat();
/** What a sender's lines are to become. */
const wanted = traces.flatMap((trace, i) => [trace, `10:00 INFO after ${i}`]);
const lines = wanted.flatMap((record) => record.split("\n"));

function portOf(message: string): number {
  const line = stage
    .log("up")
    .split("\n")
    .find((text) => text.includes(`"msg":"${message}"`));
  return Number(/"port":(\d+)/.exec(line ?? "")?.[1]);
}

/** The records of a stream, in the order of their times. */
async function recordsOf(label: string, value: string): Promise<unknown[]> {
  return until(`the records of ${value}`, async () => {
    const rows = await lapwing.sql(
      `SELECT body FROM logs WHERE stream['${label}'] = '${value}' ORDER BY timestamp`,
    );
    return rows.length === wanted.length && rows.flat();
  });
}

async function runService(name: string, exporter: LogRecordExporter): Promise<void> {
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ "service.name": name }),
    processors: [new BatchLogRecordProcessor({ exporter })],
  });
  const logger = provider.getLogger("main");
  const start = Date.now() - lines.length;
  lines.forEach((body, i) => logger.emit({ body, timestamp: start + i, attributes: { pid: 7 } }));
  await provider.forceFlush();
  await provider.shutdown();
}

test("the SDK of OpenTelemetry: in protobuf and in JSON, two services at once", async () => {
  const url = new URL("/v1/logs", up.url).href;
  await Promise.all([
    runService("protobuf", new ProtobufExporter({ url })),
    runService("json", new JsonExporter({ url })),
  ]);
  expect(await recordsOf("service_name", "protobuf")).toEqual(wanted);
  expect(await recordsOf("service_name", "json")).toEqual(wanted);
});

test("@fluent-org/logger: in chunks that are acknowledged", async () => {
  const port = portOf("Fluent's Forward protocol is taken");
  const client = new FluentClient("app", {
    socket: { host: "127.0.0.1", port },
    ack: { ackTimeout: 10_000 },
    eventMode: "PackedForward",
    flushInterval: 50,
  });
  const start = Date.now() - lines.length;
  await Promise.all(
    lines.map((message, i) =>
      client.emit("traces", { message }, EventTime.fromTimestamp(start + i)),
    ),
  );
  await client.disconnect();
  expect(await recordsOf("tag", "app.traces")).toEqual(wanted);
});

test("GELF: over TCP as the connection brings it", async () => {
  const start = Date.now() - lines.length;
  const messages = lines.map((line, i) => {
    const message = { version: "1.1", host: "h", short_message: line, level: 6, _app: "gelf" };
    return `${JSON.stringify({ ...message, timestamp: (start + i) / 1_000 })}\0`;
  });
  const socket = connect(portOf("GELF is taken over TCP"), "127.0.0.1");
  // The middle of a trace comes after a pause, in another batch.
  const half = Math.floor(messages.length / 2);
  socket.write(messages.slice(0, half).join(""));
  await Bun.sleep(300);
  socket.end(messages.slice(half).join(""));
  expect(await recordsOf("app", "gelf")).toEqual(wanted);
});

test("the account adds up, and all that was stored was taken by the receivers", async () => {
  const account = await until("the account", async () => {
    const lane = await lapwing.account("logs");
    return lane?.collected === 4 * wanted.length && lane;
  });
  expect(account.dropped).toEqual({});
  expect(account.collected).toBe(account.stored + account.inFlight);
  const items = await lapwing.own('lapwing_receiver_items_total{receiver="otlp"}');
  expect(items).toBe(2 * wanted.length);
  for (const receiver of ["fluent", "gelf"])
    expect(await lapwing.own(`lapwing_receiver_items_total{receiver="${receiver}"}`)).toBe(
      wanted.length,
    );
  expect(await up.end("SIGTERM")).toBe(0);
});
