import type { Labels } from "#shared/model/labels.ts";
import { metricNameOf } from "../samples/metric_mapping/metric_mapper.ts";
import type { PushedRecord } from "../records/pushed_record.ts";

/** An event or a service check of DogStatsD, as a record of a log. */
export type Message = {
  readonly stream: Labels;
  readonly record: PushedRecord;
  /** Of a service check: a gauge of its status. */
  readonly check?: { readonly labels: Labels; readonly status: number };
};

/** OpenTelemetry's numbers. */
const severityOfAlert: ReadonlyMap<string, number> = new Map([
  ["error", 17],
  ["warning", 13],
  ["info", 9],
  ["success", 9],
]);
const statuses = [
  { name: "ok", severity: 9 },
  { name: "warning", severity: 13 },
  { name: "critical", severity: 17 },
  { name: "unknown", severity: 0 },
] as const;

/** Whether bytes[start, end) begin as an event or a service check does. */
export function isMessage(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== 0x5f || end - start < 4) return false;
  const isEvent = bytes[start + 1] === 0x65 && bytes[start + 2] === 0x7b;
  const isCheck =
    bytes[start + 1] === 0x73 && bytes[start + 2] === 0x63 && bytes[start + 3] === 0x7c;
  return isEvent || isCheck;
}

/** Reads a line for which isMessage() is true (docs.datadoghq.com, DogStatsD's datagram format); undefined where it can't be read. */
export function readMessage(bytes: Buffer, start: number, end: number): Message | undefined {
  const line = bytes.subarray(start, end);
  try {
    return line[1] === 0x65 ? readEvent(line) : readCheck(text.decode(line));
  } catch (thrown) {
    // Text that is no UTF-8 is told by a TypeError.
    if (thrown instanceof TypeError) return undefined;
    throw thrown;
  }
}

const text = new TextDecoder("utf-8", { fatal: true });

/** `_e{<bytes of title>,<bytes of text>}:<title>|<text>|...` */
function readEvent(line: Buffer): Message | undefined {
  const head = /^_e\{(\d{1,9}),(\d{1,9})\}:/.exec(line.toString("latin1", 0, 32));
  if (head === null) return undefined;
  const titleEnd = head[0].length + Number(head[1]);
  const textEnd = titleEnd + 1 + Number(head[2]);
  if (textEnd > line.length || line[titleEnd] !== 0x7c) return undefined;
  if (textEnd < line.length && line[textEnd] !== 0x7c) return undefined;
  const title = unescaped(text.decode(line.subarray(head[0].length, titleEnd)));
  const body = unescaped(text.decode(line.subarray(titleEnd + 1, textEnd)));
  const sections = sectionsOf(text.decode(line.subarray(textEnd + 1)));
  if (sections === undefined) return undefined;
  const { tags, fields, unixSeconds } = sections;
  const alert = fields.get("t") ?? "info";
  return {
    stream: streamOf("event", fields, tags),
    record: {
      unixNanos: nanosOf(unixSeconds),
      severity: severityOfAlert.get(alert) ?? 9,
      body: Buffer.from(body === "" ? title : body),
      attributes: withoutEmpty({
        ...attributesOf(tags),
        title,
        alert_type: alert,
        priority: fields.get("p") ?? "normal",
        aggregation_key: fields.get("k") ?? "",
        source_type: fields.get("s") ?? "",
      }),
    },
  };
}

/** `_sc|<name>|<status>|...|m:<message>`, where the message is last. */
function readCheck(line: string): Message | undefined {
  const [, name = "", statusText = "", rest = ""] =
    /^_sc\|([^|]+)\|([0-3])(?:\|(.*))?$/s.exec(line) ?? [];
  const status = statuses[Number(statusText)];
  if (name === "" || status === undefined) return undefined;
  const sections = sectionsOf(rest);
  if (sections === undefined) return undefined;
  const { tags, fields, unixSeconds } = sections;
  const message = unescaped(fields.get("m") ?? "");
  const host = fields.get("h") ?? "";
  const attributes = attributesOf(tags);
  return {
    stream: streamOf("service_check", fields, tags),
    record: {
      unixNanos: nanosOf(unixSeconds),
      severity: status.severity,
      body: Buffer.from(message === "" ? `${name} is ${status.name}` : message),
      attributes: withoutEmpty({ ...attributes, check: name, status: status.name }),
    },
    check: {
      labels: withoutEmpty({
        ...labelsOf(tags),
        host,
        check: name,
        __name__: "dogstatsd_service_check_status",
      }),
      status: Number(statusText),
    },
  };
}

type Sections = {
  readonly tags: readonly (readonly [string, string])[];
  readonly fields: ReadonlyMap<string, string>;
  readonly unixSeconds: number;
};

const tagsMax = 64;

/** Undefined where there are too many tags. */
function sectionsOf(rest: string): Sections | undefined {
  const fields = new Map<string, string>();
  let tags: (readonly [string, string])[] = [];
  let left = rest;
  while (left !== "") {
    // The message of a check is last, and may hold bars.
    const end = left.startsWith("m:") ? left.length : left.indexOf("|");
    const section = end < 0 ? left : left.slice(0, end);
    left = end < 0 ? "" : left.slice(end + 1);
    if (section.startsWith("#")) {
      tags = section
        .slice(1)
        .split(",", tagsMax + 1)
        .filter((tag) => tag !== "")
        .map((tag) => {
          const at = tag.indexOf(":");
          return at < 0 ? [tag, "true"] : [tag.slice(0, at), tag.slice(at + 1)];
        });
      if (tags.length > tagsMax) return undefined;
    } else if (section[1] === ":") fields.set(section[0] ?? "", section.slice(2));
  }
  const seconds = Number(fields.get("d") ?? "0");
  return { tags, fields, unixSeconds: seconds >= 0 && seconds < 1e11 ? seconds : 0 };
}

function streamOf(
  kind: string,
  fields: ReadonlyMap<string, string>,
  tags: Sections["tags"],
): Labels {
  const tag = (name: string) => tags.find(([own]) => own === name)?.[1] ?? "";
  return withoutEmpty({
    job: "dogstatsd",
    kind,
    host: fields.get("h") ?? tag("host"),
    service_name: tag("service") || fields.get("s") || "dogstatsd",
  });
}

/** 0 is none. */
function nanosOf(unixSeconds: number): bigint {
  return BigInt(Math.round(unixSeconds * 1_000)) * 1_000_000n;
}

function attributesOf(tags: Sections["tags"]): Labels {
  return Object.fromEntries(tags.map(([name, value]) => [`tag_${metricNameOf(name)}`, value]));
}

function labelsOf(tags: Sections["tags"]): Labels {
  const labels = tags.map(([name, value]) => [metricNameOf(name), value] as const);
  return Object.fromEntries(labels.filter(([name]) => name !== "" && !name.startsWith("__")));
}

function withoutEmpty(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

function unescaped(written: string): string {
  return written.replaceAll(String.raw`\n`, "\n");
}
