import { type Context, Hono } from "hono";
import { warningHeader } from "#aggregator/api/warning_header.ts";
import { MissingBlocks } from "#aggregator/read/missing_blocks.ts";
import type { MetricsSource, SelectRequest, SeriesSamples } from "#aggregator/read/source.ts";
import { ByteWriter } from "#proto/codec/byte_writer.ts";
import { packSnappy } from "#proto/codec/snappy_block.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { crc32c } from "./crc32c.ts";
import { Gate } from "./gate.ts";
import { chunkedSeries, putBlock, putTimeSeries } from "./messages.ts";
import { type RemoteRead, readRequestOf } from "./request.ts";
import { XorChunkWriter } from "./xor_chunk.ts";

export type RemoteReadParts = {
  readonly metrics: MetricsSource;
  readonly tenant: (request: Request) => string;
};

/** Prometheus's limits: reads at a time, and samples of one answer. */
const readsMax = 10;
const waitingMax = 100;
const samplesMax = 50_000_000;
const bodyBytesMax = 32 * 1_024 * 1_024;

/** POST /read: what other Prometheus servers ask for raw samples. Errors are plain text. */
export function remoteReadRoutes(parts: RemoteReadParts): Hono {
  const app = new Hono();
  const gate = new Gate(readsMax, waitingMax);
  app.post("/read", async (c) => {
    try {
      const leave = await gate.enter();
      try {
        return await answer(c, parts);
      } finally {
        leave();
      }
    } catch (thrown) {
      return c.text(`${messageOf(thrown)}\n`, statusOf(thrown));
    }
  });
  return app;
}

function statusOf(thrown: unknown): 400 | 500 | 503 {
  if (!(thrown instanceof OperatingError)) return 500;
  if (thrown.code === "bad_request") return 400;
  return thrown.code === "overloaded" || thrown.code === "timeout" ? 503 : 500;
}

async function answer(c: Context, parts: RemoteReadParts): Promise<Response> {
  if (Number(c.req.header("content-length") ?? 0) > bodyBytesMax)
    throw new OperatingError("bad_request", `body is larger than ${bodyBytesMax} bytes`);
  const request = readRequestOf(new Uint8Array(await c.req.arrayBuffer()));
  const missing = new MissingBlocks();
  const reader = { tenant: parts.tenant(c.req.raw), signal: c.req.raw.signal, missing };
  const results = await selected(request, parts.metrics, reader);
  const histograms = results.some((series) => series.some((one) => one.histograms !== undefined));
  if (request.answer === "samples" || (histograms && request.takesSamples))
    return withWarnings(samplesAnswer(results), missing);
  if (histograms)
    throw new OperatingError(
      "bad_request",
      "series with native histograms are answered as SAMPLES only, which the request does not accept",
    );
  return withWarnings(chunksAnswer(results), missing);
}

function withWarnings(response: Response, missing: MissingBlocks): Response {
  for (const [name, value] of Object.entries(warningHeader(missing)))
    response.headers.set(name, value);
  return response;
}

async function selected(
  { queries }: RemoteRead,
  metrics: MetricsSource,
  reader: Pick<SelectRequest, "tenant" | "signal" | "missing">,
): Promise<(readonly SeriesSamples[])[]> {
  const results: (readonly SeriesSamples[])[] = [];
  let left = samplesMax;
  for (const query of queries) {
    try {
      const series = await metrics.select({ ...query, ...reader, samplesMax: left });
      for (const { values } of series) left -= values.length;
      results.push(series);
    } catch (cause) {
      if (!(cause instanceof OperatingError) || cause.code !== "overloaded") throw cause;
      // A sender must not ask for the same again: Prometheus answers 400, too.
      const message = `exceeded sample limit (${samplesMax})`;
      throw new OperatingError("bad_request", message, { cause });
    }
  }
  return results;
}

/** ReadResponse{results=1: QueryResult{timeseries=1}}, in the order of the queries. */
function samplesAnswer(results: readonly (readonly SeriesSamples[])[]): Response {
  const response = new ByteWriter();
  const [result, timeSeries, scratch] = [new ByteWriter(), new ByteWriter(), new ByteWriter()];
  for (const series of results) {
    result.clear();
    for (const one of series) {
      timeSeries.clear();
      putTimeSeries(timeSeries, one, scratch);
      putBlock(result, 1, timeSeries.written());
    }
    putBlock(response, 1, result.written());
  }
  return new Response(packSnappy(response.written()), {
    headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
  });
}

const streamedType = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

/** Frames one after the other, made when the client takes them. */
function chunksAnswer(results: readonly (readonly SeriesSamples[])[]): Response {
  const frames = framesOf(results);
  const body = new ReadableStream<Uint8Array>({
    type: "bytes",
    pull(controller) {
      const { value, done } = frames.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
  return new Response(body, { headers: { "content-type": streamedType } });
}

function* framesOf(
  results: readonly (readonly SeriesSamples[])[],
): Generator<Uint8Array<ArrayBuffer>, undefined> {
  const chunks = new XorChunkWriter();
  for (const [queryIndex, series] of results.entries())
    for (const one of series)
      for (const message of chunkedSeries(one, queryIndex, chunks)) yield frameOf(message);
  return undefined;
}

/** The length as a varint, CRC-32C of the message in four bytes, highest first, the message. */
function frameOf(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new ByteWriter();
  head.ensure(16);
  head.varint(message.length);
  const crc = crc32c(message);
  for (let shift = 24; shift >= 0; shift -= 8) head.byte((crc >>> shift) & 0xff);
  const frame = new Uint8Array(head.length + message.length);
  frame.set(head.written());
  frame.set(message, head.length);
  return frame;
}
