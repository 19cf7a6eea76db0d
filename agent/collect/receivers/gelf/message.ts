import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { TakeMemory } from "../transport/body.ts";
import type { DocumentTime } from "../records/document_time.ts";
import {
  type RecordShape,
  type ShapedRecord,
  jsonText,
  shapeRecord,
} from "../records/json_record.ts";
import type { Steps } from "../transport/decode_turns.ts";
import { parseJsonSteps } from "../transport/json_steps.ts";
import { recordPartsMax, takeJsonParts } from "../transport/request_parts.ts";
import { severityOfSyslog, syslogSeverityName } from "../records/syslog_severity.ts";

/** What a message becomes; `whole` is it as JSON text. */
export type GelfRecord = ShapedRecord & {
  readonly unixNanos: bigint;
  /** Whose value is the time. */
  readonly timeKey: string | undefined;
  readonly whole: () => Buffer;
};

const decoder = new TextDecoder();
/** Where a message names no level it is 1, alert: GELF 1.1. */
const defaultLevel = 1;
const ownKeys: ReadonlySet<string> = new Set(["version", "timestamp", "level"]);

/** Longer messages are read in several steps. */
export const oneStepBytesMax = 1024 ** 2;

type GelfOptions = {
  readonly labels: Labels;
  readonly shape: RecordShape;
  readonly take: TakeMemory;
  /** Of a line, which is cut there. */
  readonly lineBytesMax: number;
};

/**
 * The record of a message, by the GELF payload specification, 1.1; a JSON object that is no GELF is kept as its text. Of a string that is
 * longer than a line may be, what is cut off in any case may be left out. Throws OperatingError("bad_request") for anything else,
 * UnshapedRecordError.
 */
export function* gelfSteps(
  bytes: Uint8Array,
  { labels, shape, take, lineBytesMax }: GelfOptions,
): Steps<GelfRecord> {
  takeJsonParts(bytes, take, recordPartsMax);
  const message = yield* objectSteps(bytes, 1 + lineBytesMax);
  const whole = (): Buffer => Buffer.from(jsonText(message));
  const { host, version } = message;
  const level = Number(message["level"] ?? defaultLevel);
  const own: Record<string, string> = typeof host === "string" ? { host } : {};
  const hidden = {
    __gelf_message_host: own["host"] ?? "",
    __gelf_message_level: syslogSeverityName(level),
    __gelf_message_version: typeof version === "string" ? version : "",
  };
  const common = { job: "gelf", ...own, ...labels };
  const record = shapeRecord({ fields: fieldsOf(message), whole, hidden }, shape, common);
  const severity = severityOfSyslog(level);
  const { timestamp } = message;
  const timeKey = timestamp === undefined ? undefined : "timestamp";
  return { ...record, severity, unixNanos: nanosOf(timestamp), timeKey, whole };
}

/** What the parts of a message take was counted before. */
function isCounted(): void {}

function* objectSteps(bytes: Uint8Array, stringBytesMax: number): Steps<Record<string, unknown>> {
  let json: unknown;
  try {
    if (bytes.length <= oneStepBytesMax) json = JSON.parse(decoder.decode(bytes));
    else {
      json = yield* parseJsonSteps(bytes, { take: isCounted, isFatal: false, stringBytesMax });
      yield;
    }
  } catch (cause) {
    if (cause instanceof OperatingError) throw cause;
    throw new OperatingError("bad_request", "message is not JSON", { cause });
  }
  if (!isObject(json)) throw new OperatingError("bad_request", "message is not a JSON object");
  return json;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The message's fields without GELF's own, additional ones without their underscore. */
function fieldsOf(message: Record<string, unknown>): Record<string, unknown> {
  const fields: [string, unknown][] = [];
  const { short_message: short, full_message: full } = message;
  // The long form often repeats the short one before it goes on: then it is the body alone.
  const isLonger = typeof full === "string" && typeof short === "string" && full.startsWith(short);
  for (const [key, value] of Object.entries(message)) {
    if (ownKeys.has(key) || key === "host" || (isLonger && key === "full_message")) continue;
    if (isLonger && key === "short_message") fields.push([key, full]);
    else fields.push([/^_./.test(key) ? key.slice(1) : key, value]);
  }
  return Object.fromEntries(fields);
}

/** Unix seconds with a fraction, of which microseconds are exact; 0n for none. */
function nanosOf(value: unknown): bigint {
  const seconds = typeof value === "string" && value !== "" ? Number(value) : value;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds <= 0) return 0n;
  return BigInt(Math.round(seconds * 1e6)) * 1_000n;
}

const plainNumber = /^[1-9]\d{0,10}(?:\.\d{1,17})?$/;

/** The same of the bytes of a JSON number as nearly all senders write it. */
export class GelfTime implements DocumentTime {
  ms = 0;
  nanos = 0;

  read(bytes: Buffer, start: number, end: number): boolean {
    const text = bytes.toString("latin1", start, end);
    if (!plainNumber.test(text)) return false;
    const micros = Math.round(Number(text) * 1e6);
    this.ms = Math.floor(micros / 1_000);
    this.nanos = (micros - this.ms * 1_000) * 1_000;
    return true;
  }
}
