import { gzipSync } from "node:zlib";
import { packSnappy } from "#proto/codec/snappy_block.ts";
import { statusesText, type Attack } from "./attack.ts";

/** A request whose body is as large as its receiver takes, and costs as much as that can. */
export type HostilePush = {
  readonly path: string;
  readonly type: string;
  readonly encoding?: string;
  /** `share`: of the parts that it has in an attack. */
  readonly body: (share?: number) => Uint8Array;
};

const megabyte = 1024 ** 2;
/** The receivers' body_size_max, less what goes around the parts. */
const [large, small] = [31 * megabyte, 7 * megabyte];
const encoder = new TextEncoder();
const json = "application/json";
const protobuf = "application/x-protobuf";

/** Parts one after the other until `bytesMax`, at most `countMax`. */
function repeated(
  bytesMax: number,
  part: (i: number) => string,
  between = "",
  countMax = Number.POSITIVE_INFINITY,
): string {
  const parts: string[] = [];
  for (let i = 0, bytes = 0; i < countMax; i++) {
    const next = part(i);
    bytes += next.length + between.length;
    if (bytes > bytesMax) break;
    parts.push(next);
  }
  return parts.join(between);
}

const bytes = (text: string): Uint8Array => encoder.encode(text);
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

/** A field of a protobuf message that holds bytes. */
function field(number: number, content: Uint8Array): Uint8Array {
  const head: number[] = [(number << 3) | 2];
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 128) {
      head.push(rest);
      break;
    }
    head.push((rest & 127) | 128);
  }
  return Buffer.concat([Uint8Array.from(head), content]);
}

function fields(number: number, count: number, content: (i: number) => Uint8Array): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, (_, i) => field(number, content(i))));
}

/** Label pair, sample of remote write 1.0. */
const label = (name: string, value: string): Uint8Array =>
  field(1, Buffer.concat([field(1, bytes(name)), field(2, bytes(value))]));
function sample(): Uint8Array {
  const value = Buffer.alloc(9);
  value[0] = 9;
  value.writeDoubleLE(1, 1);
  return Buffer.concat([value, Uint8Array.of(16), varintOf(Date.now())]);
}

function varintOf(value: number): Uint8Array {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...out, rest);
    out.push((rest % 128) + 128);
  }
}

const gaugeMetric = (i: number): string =>
  `{"name":"m${i}","gauge":{"dataPoints":[{"timeUnixNano":"${nanos()}","asDouble":1}]}}`;

const nanos = (): string => `${Date.now()}000000`;

/** By name. Each body is made when it is asked for. */
export const hostilePushes: Readonly<Record<string, HostilePush>> = {
  loki_json_entries: {
    path: "loki/api/v1/push",
    type: json,
    body: () => {
      const at = nanos();
      const values = repeated(large, (i) => `["${at}","${i}"]`, ",", 320_000);
      return bytes(`{"streams":[{"stream":{"job":"a"},"values":[${values}]}]}`);
    },
  },
  loki_json_streams: {
    path: "loki/api/v1/push",
    type: json,
    body: () => {
      const at = nanos();
      const stream = (i: number) => `{"stream":{"a":"${i}"},"values":[["${at}","x"]]}`;
      return bytes(`{"streams":[${repeated(large, stream, ",", 100_000)}]}`);
    },
  },
  loki_json_nested: {
    path: "loki/api/v1/push",
    type: json,
    body: () => bytes(nested(490_000)),
  },
  loki_json_line: {
    path: "loki/api/v1/push",
    type: json,
    body: () => {
      const line = "\\u0000".repeat(large / 6);
      return bytes(`{"streams":[{"stream":{"job":"a"},"values":[["${nanos()}","${line}"]]}]}`);
    },
  },
  loki_protobuf_entries: {
    path: "loki/api/v1/push",
    type: protobuf,
    body: (share = 1) => {
      const time = field(1, Buffer.concat([Uint8Array.of(8), varintOf(Date.now() / 1_000)]));
      const entry = (i: number) => Buffer.concat([time, field(2, bytes(`line ${i}`))]);
      const entries = fields(2, 240_000 * share, entry);
      return packSnappy(field(1, Buffer.concat([field(1, bytes('{job="a"}')), entries])));
    },
  },
  loki_protobuf_streams: {
    path: "loki/api/v1/push",
    type: protobuf,
    body: () => packSnappy(fields(1, 400_000, (i) => field(1, bytes(`{a="${i}"}`)))),
  },
  otlp_logs_json: {
    path: "v1/logs",
    type: json,
    body: () => {
      const records = repeated(large, (i) => `{"body":{"stringValue":"${i}"},"a":1}`, ",", 190_000);
      return bytes(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${records}]}]}]}`);
    },
  },
  otlp_logs_known_json: {
    path: "v1/logs",
    type: json,
    body: () => {
      const records = repeated(large, (i) => `{"body":{"stringValue":"${i}"}}`, ",", 190_000);
      return bytes(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${records}]}]}]}`);
    },
  },
  otlp_logs_protobuf: {
    path: "v1/logs",
    type: protobuf,
    body: () => {
      const records = fields(2, 450_000, () => new Uint8Array());
      return field(1, field(2, records));
    },
  },
  otlp_logs_attributes: {
    path: "v1/logs",
    type: protobuf,
    body: () => {
      const pair = (i: number) =>
        field(6, Buffer.concat([field(1, bytes(`k${i}`)), field(2, field(1, bytes("v")))]));
      const record = (i: number) =>
        Buffer.concat([field(5, field(1, bytes("x"))), pair(i), pair(i + 1)]);
      return field(1, field(2, fields(2, 75_000, record)));
    },
  },
  otlp_metrics_protobuf: {
    path: "v1/metrics",
    type: protobuf,
    body: (share = 1) => {
      const point = Buffer.concat([
        Uint8Array.of(25),
        Buffer.alloc(8),
        Uint8Array.of(33),
        Buffer.alloc(8),
      ]);
      const metric = (i: number) =>
        Buffer.concat([field(1, bytes(`m${i}`)), field(5, field(1, point))]);
      return field(1, field(2, fields(2, 160_000 * share, metric)));
    },
  },
  otlp_metrics_json: {
    path: "v1/metrics",
    type: json,
    body: () => {
      const metrics = repeated(large, gaugeMetric, ",", 90_000);
      return bytes(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${metrics}]}]}]}`);
    },
  },
  remote_write_series: {
    path: "api/v1/write",
    type: protobuf,
    body: (share = 1) => {
      const own = sample();
      return packSnappy(
        fields(1, 600_000 * share, (i) =>
          Buffer.concat([label("__name__", "m"), label("i", String(i)), field(2, own)]),
        ),
      );
    },
  },
  remote_write_samples: {
    path: "api/v1/write",
    type: protobuf,
    body: () => {
      const own = sample();
      const samples = fields(2, 1_000_000, () => own);
      return packSnappy(field(1, Buffer.concat([label("__name__", "m"), samples])));
    },
  },
  remote_write_empty: {
    path: "api/v1/write",
    type: protobuf,
    body: () => packSnappy(fields(1, 8_000_000, () => new Uint8Array())),
  },
  remote_write_2_series: {
    path: "api/v1/write",
    type: "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    body: (share = 1) => {
      const count = 400_000 * share;
      const symbols = [
        "",
        "__name__",
        "m",
        "i",
        ...Array.from({ length: count }, (_, i) => `${i}`),
      ];
      const own = field(2, sample());
      const one = (i: number) =>
        Buffer.concat([field(1, Buffer.concat([Uint8Array.of(1, 2, 3), varintOf(i + 4)])), own]);
      return packSnappy(
        Buffer.concat([...symbols.map((symbol) => field(4, bytes(symbol))), fields(5, count, one)]),
      );
    },
  },
  bulk_documents: {
    path: "_bulk",
    type: "application/x-ndjson",
    body: () => bytes(repeated(large, (i) => `{"index":{}}\n{"k${i}":${i}}\n`, "", 99_000)),
  },
  bulk_indexes: {
    path: "_bulk",
    type: "application/x-ndjson",
    body: () =>
      bytes(repeated(large, (i) => `{"index":{"_index":"i${i}"}}\n{"message":"x"}\n`, "", 99_000)),
  },
  bulk_wide: {
    path: "_bulk",
    type: "application/x-ndjson",
    body: () => {
      const wide = repeated(15_000, (i) => `"k${i}":{}`, ",");
      return bytes(repeated(large, (i) => `{"index":{}}\n{"n":${i},${wide}}\n`, ""));
    },
  },
  influx_series: {
    path: "write",
    type: "text/plain",
    body: () => bytes(repeated(large, (i) => `m,i=${i} f=1\n`)),
  },
  influx_bad_lines: {
    path: "write",
    type: "text/plain",
    body: () => bytes(repeated(large, () => "x\n")),
  },
  influx_fields: {
    path: "write",
    type: "text/plain",
    body: () => {
      const line = repeated(250_000, (i) => `f${i}=1`, ",");
      return bytes(repeated(large, (i) => `m${i % 4} ${line}\n`));
    },
  },
  json_logs_lines: {
    path: "api/v1/monitoring/logs",
    type: json,
    body: () => bytes(repeated(large, (i) => `{"k${i}":1}\n`, "", 99_000)),
  },
  json_metrics: {
    path: "api/v1/monitoring/metrics",
    type: json,
    body: () =>
      bytes(
        `{"metrics":[${repeated(small, (i) => `{"name":"m","value":1,"labels":{"i":"${i}"}}`, ",", 10_000)}]}`,
      ),
  },
  pushgateway: {
    path: "metrics/job/a",
    type: "text/plain",
    body: () => bytes(repeated(small, (i) => `m{i="${i}"} 1\n`)),
  },
  pushgateway_families: {
    path: "metrics/job/b",
    type: "text/plain",
    body: () => bytes(repeated(small, (i) => `m_${i} 1\n`)),
  },
  gelf_nested: {
    path: "gelf",
    type: json,
    body: () => bytes(`{"version":"1.1","host":"h","short_message":"x","_a":${nested(490_000)}}`),
  },
  gelf_fields: {
    path: "gelf",
    type: json,
    body: () =>
      bytes(
        `{"version":"1.1","short_message":"x",${repeated(small, (i) => `"_${i}":{}`, ",", 390_000)}}`,
      ),
  },
  gzip_bomb: {
    path: "loki/api/v1/push",
    type: json,
    encoding: "gzip",
    body: () => new Uint8Array(gzipSync(Buffer.alloc(large, " "))),
  },
};

/** So many requests of each kind at once. */
const atOnce = 4;

/** Sends `count` copies of a push at once. Resolves with the statuses of the answers. */
async function sendPush(
  url: string,
  { path, type, encoding, body }: HostilePush,
  count: number,
  signal: AbortSignal,
): Promise<(number | string)[]> {
  const made = new Uint8Array(body());
  const headers = {
    "content-type": type,
    ...(encoding === undefined ? {} : { "content-encoding": encoding }),
  };
  const send = async (): Promise<number | string> => {
    try {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        headers,
        body: made,
        signal,
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return signal.aborted ? "ended" : "connection lost";
    }
  };
  return Promise.all(Array.from({ length: count }, send));
}

/** Bodies at the receivers' limits, some of each kind at once. */
export const pushes: Attack = {
  name: "pushes",
  run: async ({ url }, signal) => {
    const statuses: (number | string)[] = [];
    for (const push of Object.values(hostilePushes)) {
      if (signal.aborted) break;
      statuses.push(...(await sendPush(url, push, atOnce, signal)));
    }
    return statusesText(statuses);
  },
};
