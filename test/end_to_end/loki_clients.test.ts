import { afterAll, expect, test } from "bun:test";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import pino from "pino";
import { pinoLoki } from "pino-loki";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

// Libraries that people have in their programs send logs.

const stage = new Stage();
afterAll(() => stage.stop());

const labels = z.record(z.string(), z.string());
const Entry = z.tuple([
  z.string(),
  z.string(),
  z.object({ structuredMetadata: labels, parsed: labels }),
]);
const Streams = z.object({
  data: z.object({
    result: z.array(z.object({ stream: labels, values: z.array(Entry) })),
  }),
});

async function entriesOf(url: string, query: string) {
  const path = `/loki/api/v1/query_range?query=${encodeURIComponent(query)}`;
  const headers = { "X-Loki-Response-Encoding-Flags": "categorize-labels" };
  const answer = await asking(url).get(path, { headers });
  const { data } = Streams.parse(await answer.json());
  return data.result.flatMap(({ stream, values }) =>
    values.map(([, line, { structuredMetadata }]) => ({ stream, line, structuredMetadata })),
  );
}

const json = { "content-type": "application/json" };
/** The example of docs/logs.md: how long the queue was when each error was told. */
const joinExample = `
  SELECT l.body, m.value
  FROM (SELECT timestamp::TIMESTAMP AS at, body FROM logs
        WHERE stream['service_name'] = 'shop' AND severity >= 17) l
  ASOF JOIN (SELECT timestamp AS at, value FROM metrics WHERE name = 'shop_queue_length') m
    ON l.at >= m.at`;

test("pino-loki pushes, and its lines have their labels and levels", async () => {
  const up = await stage.start({
    role: "up",
    name: "pino",
    config: { data_dir: stage.path("pino"), sources: [] },
  });
  const time = new Date(Date.now() - 1_000).toISOString();
  const metrics = [{ name: "shop_queue_length", value: 42, time }];
  const posted = { method: "POST", body: JSON.stringify({ metrics }), headers: json };
  expect((await asking(up.url).get("/api/v1/monitoring/metrics", posted)).status).toBe(200);
  const stream = pinoLoki({
    host: up.url,
    labels: { application: "shop" },
    structuredMetaKey: "meta",
    batching: { interval: 1 },
  });
  const logger = pino({ base: null }, stream);
  logger.info({ meta: { order: "7" } }, "order is placed");
  logger.error("payment is refused");
  const found = await until("lines of pino", async () => {
    const entries = await entriesOf(up.url, '{service_name="shop"}');
    return entries.length === 2 && entries;
  });
  expect(found.map(({ line }) => line).filter((line) => line.includes("payment"))).toHaveLength(1);
  const refused = found.find(({ line }) => line.includes("payment"));
  expect(refused?.stream).toMatchObject({ application: "shop", service_name: "shop" });
  expect(refused?.structuredMetadata).toMatchObject({ detected_level: "error" });
  // Logs and metrics together.
  const rows = await until("the sample", async () => {
    const joined = await asking(up.url).sql(joinExample);
    return joined.length > 0 && joined;
  });
  expect(rows).toEqual([[refused?.line, 42]]);
  const placed = found.find(({ line }) => line.includes("placed"));
  expect(placed?.structuredMetadata).toEqual({ detected_level: "info", order: "7" });
  stream.end();
  expect(await up.end("SIGTERM")).toBe(0);
}, 60_000);

test.each([
  ["protobuf", (url: string) => new ProtobufExporter({ url })],
  ["JSON", (url: string) => new JsonExporter({ url })],
])(
  "OpenTelemetry's SDK sends log records as %s",
  async (name, exporterOf) => {
    const up = await stage.start({
      role: "up",
      name: `otel-${name}`,
      config: { data_dir: stage.path(`otel-${name}`), sources: [] },
    });
    const exporter = exporterOf(`${up.url.replace(/\/$/, "")}/otlp/v1/logs`);
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ "service.name": "checkout", "host.name": "h1" }),
      processors: [new BatchLogRecordProcessor({ exporter })],
    });
    const logger = provider.getLogger("till");
    for (let i = 0; i < 100; i++)
      logger.emit({
        severityNumber: i % 10 === 0 ? SeverityNumber.ERROR : SeverityNumber.INFO,
        body: `receipt ${i} is printed`,
        attributes: { "till.number": i % 4, nested: { paper: "thin" } },
      });
    await provider.forceFlush();
    await provider.shutdown();
    const found = await until("log records of OpenTelemetry", async () => {
      const entries = await entriesOf(up.url, '{service_name="checkout"}');
      return entries.length === 100 && entries;
    });
    const lines = new Set(found.map(({ line }) => line));
    expect(lines.size).toBe(100);
    const errors = found.filter((e) => e.structuredMetadata["detected_level"] === "error");
    expect(errors.map(({ line }) => line).toSorted()[1]).toBe("receipt 10 is printed");
    expect(errors).toHaveLength(10);
    expect(found[0]?.structuredMetadata).toMatchObject({ nested_paper: "thin" });
    expect(await up.end("SIGTERM")).toBe(0);
  },
  60_000,
);
