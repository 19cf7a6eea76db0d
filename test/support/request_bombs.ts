import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { ReceiversConfig } from "#agent/collect/receivers/config.ts";
import { Held, wire } from "#agent/collect/receivers/receiver.fixture.ts";
import { packSnappy } from "#proto/codec/snappy_block.ts";

// A process of its own, whose memory is measured: bodies that are small on the wire, or legal in size, and would be gigabytes as
// objects. Prints one JSON line: the status of each, and by how many megabytes the process grew at most.

const held = new Held();
const apps = [...ReceiversConfig.parse({}).bound.values()].map(
  (bound) => bound.open(held.context()).routes,
);

/** What every receiver unpacks at most, less the heads around it. */
const unpackedBytes = 32 * 1024 ** 2 - 200;
const filled = (unit: string | Uint8Array): Buffer =>
  Buffer.alloc(unpackedBytes - (unpackedBytes % 8), unit);
const twoBytes = (field: number): Uint8Array => Uint8Array.of(8 * field + 2, 0);
const namedSeries = (rest: Buffer): Buffer =>
  wire.message(1, wire.message(1, wire.bytes(1, "__name__"), wire.bytes(2, "m")), rest);
const [protobuf, json, plain] = ["application/x-protobuf", "application/json", "text/plain"];
const v2 = `${protobuf};proto=io.prometheus.write.v2.Request`;
const write = "/api/v1/write";
const push = "/loki/api/v1/push";

type Bomb = readonly [path: string, type: string, body: () => Uint8Array, encoding?: string];
const bombs: Readonly<Record<string, Bomb>> = {
  otlp_messages: ["/v1/metrics", protobuf, () => gzipSync(filled(twoBytes(1))), "gzip"],
  otlp_logs: ["/v1/logs", protobuf, () => wire.message(1, wire.message(2, filled(twoBytes(2))))],
  otlp_json: ["/v1/metrics", json, () => filled('{"a":[]}')],
  otlp_gzip: ["/v1/metrics", json, () => gzipSync(Buffer.alloc(100_000_000)), "gzip"],
  loki_entries: [push, protobuf, () => packSnappy(wire.message(1, filled(twoBytes(2))))],
  loki_json: [push, json, () => filled('["1",""]')],
  influx_fields: ["/write", plain, () => Buffer.concat([Buffer.from("m "), filled("a=1,")])],
  influx_lines: ["/write", plain, () => filled("\n")],
  push_lines: ["/metrics/job/j", plain, () => filled("m 1\n")],
  write_series: [write, protobuf, () => packSnappy(filled(twoBytes(1)))],
  write_samples: [
    write,
    protobuf,
    () => packSnappy(namedSeries(filled(Uint8Array.of(18, 2, 16, 1, 18, 2, 16, 2)))),
  ],
  write_labels: [write, protobuf, () => packSnappy(wire.message(1, filled(twoBytes(1))))],
  write_histograms: [write, protobuf, () => packSnappy(namedSeries(filled(twoBytes(4))))],
  write_spans: [
    write,
    protobuf,
    () => packSnappy(namedSeries(wire.message(4, filled(twoBytes(11))))),
  ],
  write_symbols: [write, v2, () => packSnappy(filled(twoBytes(4)))],
  write_claim: [write, protobuf, () => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07, 0)],
};

const statuses: Record<string, number> = {};
let grownBytes = 0;
for (const [name, [path, type, make, encoding]] of Object.entries(bombs)) {
  const body = new Uint8Array(make());
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  // Sets the peak that the kernel remembers back to what there is now.
  writeFileSync("/proc/self/clear_refs", "5");
  const headers: Record<string, string> = { "content-type": type };
  if (encoding !== undefined) headers["content-encoding"] = encoding;
  for (const app of apps) {
    const response = await app.request(path, { method: "POST", headers, body });
    if (response.status !== 404) statuses[name] = response.status;
  }
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  grownBytes = Math.max(grownBytes, Number(peak?.[1]) * 1_024 - before);
}
console.log(
  JSON.stringify({ statuses, grownMegabytes: grownBytes / 1024 ** 2, stored: held.samples.size }),
);
