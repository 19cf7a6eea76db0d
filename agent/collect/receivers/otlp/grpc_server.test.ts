import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { connect } from "node:http2";
import { fromJson, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { compressionGzip, createGrpcTransport } from "@connectrpc/connect-node";
import {
  ExportMetricsServiceRequestSchema,
  MetricsService,
} from "#proto/gen/foreign/otlp_metrics_pb.js";
import { Held } from "../receiver.fixture.ts";
import { startGrpc } from "./grpc_server.ts";
import { MetricsIntake } from "./metrics_intake.ts";
import { gauge, metricsOf } from "./otlp.fixture.ts";
import { otlp } from "./receiver.ts";

const bytesMax = 2 * 1024 ** 2;
const requestOf = (...metrics: Parameters<typeof metricsOf>[0]) =>
  fromJson(ExportMetricsServiceRequestSchema, metricsOf(metrics));

async function withServer(
  run: (held: Held, port: number, context: ReturnType<Held["context"]>) => Promise<void>,
): Promise<void> {
  const held = new Held();
  const context = held.context();
  const intake = new MetricsIntake(otlp.config.parse({}), context);
  const server = await startGrpc("127.0.0.1:0", bytesMax, intake, context);
  try {
    await run(held, server.port, context);
  } finally {
    await server.stop();
  }
}

test("OTLP over gRPC takes gzip, answers partial success, and UNAVAILABLE with RetryInfo for a broken spool", () =>
  withServer(async (held, port) => {
    const transport = createGrpcTransport({
      baseUrl: `http://127.0.0.1:${port}`,
      sendCompression: compressionGzip,
      compressMinBytes: 0,
    });
    const client = createClient(MetricsService, transport);
    const answer = await client.export(requestOf(gauge("g", { asInt: 1 }), gauge("bad", {})));
    expect(answer.partialSuccess?.rejectedDataPoints).toBe(1n);
    expect(answer.partialSuccess?.errorMessage).toContain("bad");
    expect((await client.export(requestOf())).partialSuccess).toBeUndefined();
    expect(held.names()).toEqual(["g"]);
    held.isBroken = true;
    const refused = await client.export(requestOf(gauge("g2", { asInt: 1 }))).catch(Object);
    expect(String(refused)).toContain("[unavailable]");
    expect(refused.details).toMatchObject([{ type: "google.rpc.RetryInfo" }]);
  }));

const frame = (flag: number, message: Uint8Array) => {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

/** What a raw body is answered by; undefined where there is no status. */
function statusOf(port: number, body: Uint8Array, headers: Record<string, string> = {}) {
  const session = connect(`http://127.0.0.1:${port}`);
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const stream = session.request({
    ":method": "POST",
    ":path": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let status: string | undefined;
  const note = (received: Readonly<Record<string, unknown>>): void => {
    const found = received["grpc-status"];
    if (typeof found === "string") status = found;
  };
  stream.on("response", note);
  stream.on("trailers", note);
  stream.on("error", reject);
  stream.on("close", () => {
    session.close();
    resolve(status);
  });
  stream.resume();
  stream.end(body);
  return promise;
}

test("bad frames over gRPC get a status of their own, and memory is given back", () =>
  withServer(async (held, port, { memory }) => {
    const good = toBinary(
      ExportMetricsServiceRequestSchema,
      requestOf(gauge("good", { asInt: 1 })),
    );
    const gzip = { "grpc-encoding": "gzip" };
    const invalidArgument = "3";
    const permissionDenied = "7";
    const resourceExhausted = "8";
    const unimplemented = "12";
    expect(await statusOf(port, frame(0, good))).toBe("0");
    const cases: readonly (readonly [Uint8Array, string, Record<string, string>?])[] = [
      [Buffer.from([0, 0]), invalidArgument],
      [Buffer.concat([frame(0, good), Buffer.from([1])]), invalidArgument],
      [frame(0, Buffer.from([0x0a, 200])), invalidArgument],
      [frame(1, Buffer.from("not gzip")), invalidArgument, gzip],
      [frame(0, good), permissionDenied, { origin: "http://elsewhere.test" }],
      [frame(0, good), permissionDenied, { "sec-fetch-site": "same-origin" }],
      [frame(0, Buffer.alloc(bytesMax + 1)), resourceExhausted],
      [frame(1, gzipSync(Buffer.alloc(bytesMax + 1))), resourceExhausted, gzip],
      [frame(1, gzipSync(Buffer.alloc(bytesMax, Buffer.from([0x0a, 0])))), resourceExhausted, gzip],
      [frame(1, good), unimplemented, { "grpc-encoding": "rot13" }],
    ];
    for (const [i, [body, expected, headers]] of cases.entries())
      expect([i, await statusOf(port, body, headers)]).toEqual([i, expected]);
    expect(held.names()).toEqual(["good"]);
    // All of it is there again.
    expect(() => memory.take(256 * 1024 ** 2)).not.toThrow();
  }));
