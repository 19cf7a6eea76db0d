import { compressSync } from "snappy";
import { Held, opened, wire } from "../receiver.fixture.ts";
import { remoteWrite } from "./receiver.ts";

const v2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
type Pairs = readonly (readonly [string, string])[];
type Sample = readonly [timestampMs: number, value: number | Uint8Array];

/** A receiver of remote write, with what sends messages to it. */
export function start(config: unknown = {}) {
  const held = new Held();
  const { app } = opened(
    (context) => remoteWrite.open(remoteWrite.config.parse(config), context),
    held,
  );
  const send = (message: Uint8Array, headers: Record<string, string> = {}, method = "POST") =>
    app.request("/api/v1/write", {
      method,
      headers: { "content-encoding": "snappy", ...headers },
      ...(method === "GET" ? {} : { body: new Uint8Array(compressSync(Buffer.from(message))) }),
    });
  return { held, app, send, send2: (message: Uint8Array) => send(message, { "content-type": v2 }) };
}

export const label = (name: string, value: string) =>
  wire.message(1, wire.bytes(1, name), wire.bytes(2, value));
const samplesOf = (samples: readonly Sample[]) =>
  samples.map(([at, value]) => wire.message(2, wire.double(1, value), wire.varint(2, at)));
export const series1 = (
  labels: Pairs,
  samples: readonly Sample[],
  ...more: readonly Uint8Array[]
) =>
  wire.message(
    1,
    ...labels.map(([name, value]) => wire.message(1, wire.bytes(1, name), wire.bytes(2, value))),
    ...samplesOf(samples),
    ...more,
  );
export const symbolsAndSeries = (symbols: readonly string[], ...series: readonly Uint8Array[]) =>
  Buffer.concat([...symbols.map((symbol) => wire.bytes(4, symbol)), ...series]);
export const series2 = (
  refs: readonly number[],
  samples: readonly Sample[],
  ...more: readonly Uint8Array[]
) => wire.message(5, wire.bytes(1, Uint8Array.from(refs)), ...samplesOf(samples), ...more);

export const now = new Held().nowMs;
export const up: Pairs = [
  ["__name__", "up"],
  ["job", "a"],
];
export const written = (response: Response) => [
  response.status,
  response.headers.get("x-prometheus-remote-write-samples-written"),
  response.headers.get("x-prometheus-remote-write-histograms-written"),
  response.headers.get("x-prometheus-remote-write-exemplars-written"),
];
