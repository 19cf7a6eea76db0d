import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { encode } from "@msgpack/msgpack";
import { compressSync } from "snappy";
import type { AnyValue } from "#proto/gen/foreign/otlp_common_pb.js";
import { AnyValueSchema, KeyValueSchema } from "#proto/gen/foreign/otlp_common_pb.js";
import { ExportLogsServiceRequestSchema } from "#proto/gen/foreign/otlp_logs_pb.js";
import { PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";

/** Lines of one program, and the Unix time of each in microseconds. */
export type SentLines = {
  readonly program: string;
  readonly lines: readonly Buffer[];
  readonly timesMicros: readonly number[];
};

/** How lines are sent: over a connection of their own, or as a body to a path. */
export type PushedForm = {
  readonly body: (sent: SentLines) => Uint8Array<ArrayBuffer>;
} & (
  | {
      /** What the receiver says in its log when it listens. */
      readonly listens: string;
      /** An answer is waited for before more is sent. */
      readonly isAcknowledged: boolean;
    }
  | { readonly path: string; readonly headers: Readonly<Record<string, string>> }
);

const json = { "content-type": "application/json" };
const protobuf = { "content-type": "application/x-protobuf" };
const syslogListens = "syslog is taken over TCP";

/** As common senders write them: fields beside a line are those of Filebeat, Fluent Bit and SDKs, few of them and most the same again. */
export const pushedForms = {
  syslog_5424: {
    listens: syslogListens,
    isAcknowledged: false,
    body: (sent) =>
      together(sent, ({ program, line, timeMicros, i }) => {
        const head = `<${priorityOf(i)}>1 ${isoMicros(timeMicros)} web-1 ${program} ${processOf(i)} - - `;
        return [`${Buffer.byteLength(head) + line.length} ${head}`, line];
      }),
  },
  syslog_3164: {
    listens: syslogListens,
    isAcknowledged: false,
    body: (sent) =>
      together(sent, ({ program, line, timeMicros, i }) => [
        `<${priorityOf(i)}>${oldTime(timeMicros)} web-1 ${program}[${processOf(i)}]: `,
        line,
        "\n",
      ]),
  },
  fluent: {
    listens: "Fluent's Forward protocol is taken",
    isAcknowledged: true,
    body: fluentMessage,
  },
  gelf: {
    listens: "GELF is taken over TCP",
    isAcknowledged: false,
    body: (sent) =>
      documents(sent, "\0", ({ program, text, timeMicros, i }) => ({
        version: "1.1",
        host: "web-1",
        short_message: text,
        timestamp: timeMicros / 1e6,
        level: 6,
        _app: program,
        _thread: `worker-${i % 8}`,
      })),
  },
  loki_json: { path: "/loki/api/v1/push", headers: json, body: lokiJson },
  loki_protobuf: { path: "/loki/api/v1/push", headers: protobuf, body: lokiProtobuf },
  otlp_json: {
    path: "/v1/logs",
    headers: json,
    body: (sent) => bytesOf(toJsonString(ExportLogsServiceRequestSchema, otlpRequest(sent))),
  },
  otlp_protobuf: {
    path: "/v1/logs",
    headers: protobuf,
    body: (sent) => new Uint8Array(toBinary(ExportLogsServiceRequestSchema, otlpRequest(sent))),
  },
  elasticsearch: {
    path: "/elasticsearch/_bulk",
    headers: { "content-type": "application/x-ndjson" },
    body: (sent) =>
      bytesOf(
        documentTexts(sent, ({ program, text, timeMicros, i }) => ({
          "@timestamp": new Date(timeMicros / 1_000).toISOString(),
          message: text,
          host: { name: "web-1" },
          log: { file: { path: `/var/log/${program}.log` }, offset: 151 * i },
          service: { name: program },
        }))
          .map((document) => `{"create":{"_index":"logs"}}\n${document}\n`)
          .join(""),
      ),
  },
  json_logs: {
    path: "/api/v1/monitoring/logs",
    headers: { "content-type": "application/x-ndjson" },
    body: (sent) =>
      documents(sent, "\n", ({ program, text, timeMicros, i }) => ({
        time: isoMicros(timeMicros),
        level: "info",
        service: program,
        message: text,
        thread: `worker-${i % 8}`,
      })),
  },
} satisfies Record<string, PushedForm>;

export type PushedFormName = keyof typeof pushedForms;

export function isPushedFormName(name: string): name is PushedFormName {
  return Object.hasOwn(pushedForms, name);
}

type SentLine = {
  readonly program: string;
  readonly line: Buffer;
  readonly timeMicros: number;
  readonly i: number;
};

function each<Made>({ program, lines, timesMicros }: SentLines, make: (one: SentLine) => Made) {
  return lines.map((line, i) => make({ program, line, timeMicros: timesMicros[i] ?? 0, i }));
}

/** Pieces one after another; lines need not be UTF-8. */
function together(
  sent: SentLines,
  piecesOf: (one: SentLine) => (string | Buffer)[],
): Uint8Array<ArrayBuffer> {
  const pieces = each(sent, piecesOf).flat();
  const bytes = pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece));
  return new Uint8Array(Buffer.concat(bytes));
}

function documentTexts(
  sent: SentLines,
  documentOf: (one: SentLine & { readonly text: string }) => object,
): string[] {
  return each(sent, (one) =>
    JSON.stringify(documentOf({ ...one, text: one.line.toString("utf8") })),
  );
}

function documents(
  sent: SentLines,
  end: string,
  documentOf: Parameters<typeof documentTexts>[1],
): Uint8Array<ArrayBuffer> {
  return bytesOf(
    documentTexts(sent, documentOf)
      .map((document) => document + end)
      .join(""),
  );
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text));
}

/** daemon.info, and now and then daemon.err. */
function priorityOf(i: number): number {
  return i % 10 === 9 ? 27 : 30;
}

function processOf(i: number): number {
  return 1_000 + (i % 4);
}

function isoMicros(timeMicros: number): string {
  const micros = String(timeMicros % 1_000).padStart(3, "0");
  return `${new Date(Math.floor(timeMicros / 1_000)).toISOString().slice(0, -1)}${micros}Z`;
}

function oldTime(timeMicros: number): string {
  // "Sat, 21 Nov 2026 18:12:26 GMT"
  const [, day = "", month = "", , clock = ""] = new Date(timeMicros / 1_000)
    .toUTCString()
    .split(" ");
  return `${month} ${String(Number(day)).padStart(2, " ")} ${clock}`;
}

/** PackedForward with EventTime, as Fluent Bit sends it, which asks to be acknowledged. */
function fluentMessage(sent: SentLines): Uint8Array<ArrayBuffer> {
  const entries = each(sent, ({ program, line, timeMicros, i }) => {
    const time = Buffer.alloc(12);
    time.set([0x92, 0xd7, 0x00]);
    time.writeUInt32BE(Math.floor(timeMicros / 1e6), 3);
    time.writeUInt32BE((timeMicros % 1e6) * 1_000, 7);
    const record = encode({
      log: line.toString("utf8"),
      stream: i % 10 === 9 ? "stderr" : "stdout",
      container_name: program,
    });
    return Buffer.concat([time.subarray(0, 11), record]);
  });
  const options = { size: entries.length, chunk: crypto.randomUUID() };
  return new Uint8Array(encode([`app.${sent.program}`, Buffer.concat(entries), options]));
}

function lokiJson(sent: SentLines): Uint8Array<ArrayBuffer> {
  const values = each(sent, ({ line, timeMicros }) => [`${timeMicros}000`, line.toString("utf8")]);
  const stream = { job: "bench", app: sent.program };
  return bytesOf(JSON.stringify({ streams: [{ stream, values }] }));
}

function lokiProtobuf(sent: SentLines): Uint8Array<ArrayBuffer> {
  const entries = each(sent, ({ line, timeMicros }) => ({
    timestamp: {
      seconds: BigInt(Math.floor(timeMicros / 1e6)),
      nanos: (timeMicros % 1e6) * 1_000,
    },
    line: line.toString("utf8"),
  }));
  const streams = [{ labels: `{job="bench", app="${sent.program}"}`, entries }];
  const message = toBinary(PushRequestSchema, create(PushRequestSchema, { streams }));
  return new Uint8Array(compressSync(Buffer.from(message)));
}

function otlpRequest(sent: SentLines) {
  const logRecords = each(sent, ({ line, timeMicros, i }) => ({
    timeUnixNano: BigInt(timeMicros) * 1_000n,
    observedTimeUnixNano: BigInt(timeMicros) * 1_000n,
    severityNumber: 9,
    severityText: "INFO",
    body: textValue(line.toString("utf8")),
    attributes: [attribute("thread.name", `worker-${i % 8}`)],
  }));
  const resource = {
    attributes: [
      attribute("service.name", sent.program),
      attribute("host.name", "web-1"),
      attribute("telemetry.sdk.language", "java"),
    ],
  };
  const scopeLogs = [{ scope: { name: "com.shop.Checkout" }, logRecords }];
  return create(ExportLogsServiceRequestSchema, { resourceLogs: [{ resource, scopeLogs }] });
}

function attribute(key: string, value: string) {
  return create(KeyValueSchema, { key, value: textValue(value) });
}

function textValue(value: string): AnyValue {
  return create(AnyValueSchema, { value: { case: "stringValue", value } });
}
