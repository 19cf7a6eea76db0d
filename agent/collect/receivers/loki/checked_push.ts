import type { Labels } from "#shared/model/labels.ts";
import { BodyError } from "../transport/body.ts";
import { isNanos } from "../records/line_text.ts";
import { checkStreamLabels, orFault, streamLabels } from "./stream_labels.ts";

export type PushedStream = {
  /** Or why they are no labels of a stream. */
  readonly labels: Labels | BodyError;
  readonly entries: readonly PushedEntry[];
};
export type PushedEntry = {
  readonly unixNanos: bigint;
  readonly line: string;
  readonly metadata: Labels;
};

const shownCharsMax = 100;

/**
 * Streams of a JSON push of any form, the legacy path's included. Throws BodyError(400), which says where the push is wrong, what it has there, and what was
 * expected.
 */
export function checkedStreams(json: unknown): PushedStream[] {
  const streams = isObject(json) ? json["streams"] : undefined;
  if (!isObject(json)) throw wrong("the body", json, 'an object with "streams"');
  if (!Array.isArray(streams)) throw wrong("streams", streams, "a list of streams");
  return streams.map((stream: unknown, i) => checkedStream(stream, `streams[${i}]`));
}

function checkedStream(stream: unknown, at: string): PushedStream {
  if (!isObject(stream)) throw wrong(at, stream, 'an object with "stream" and "values"');
  if (!("stream" in stream) && "labels" in stream) return legacyStream(stream, at);
  const { stream: labels, values } = stream;
  if (!isObject(labels)) throw wrong(`${at}.stream`, labels, "an object of labels");
  const pairs = Object.entries(labels).map(([name, value]) => {
    if (typeof value === "string") return [name, value] as const;
    throw wrong(`${at}.stream.${shortened(name)}`, value, "a string");
  });
  if (!Array.isArray(values)) throw wrong(`${at}.values`, values, "a list of entries");
  return {
    labels: orFault(() => checkStreamLabels(pairs)),
    entries: values.map((entry: unknown, i) => checkedEntry(entry, `${at}.values[${i}]`)),
  };
}

function checkedEntry(entry: unknown, at: string): PushedEntry {
  if (!Array.isArray(entry) || entry.length < 2 || entry.length > 3)
    throw wrong(at, entry, "[time, line] or [time, line, metadata]");
  const [time, line, metadata = {}]: unknown[] = entry;
  if (typeof time !== "string" || !isNanos(time))
    throw wrong(`${at}[0]`, time, 'Unix nanoseconds as a string, such as "1700000000000000000"');
  if (typeof line !== "string") throw wrong(`${at}[1]`, line, "the line as a string");
  if (!isObject(metadata)) throw wrong(`${at}[2]`, metadata, "an object of structured metadata");
  return { unixNanos: BigInt(time), line, metadata: textsOf(metadata) };
}

/** The form of /api/prom/push. */
function legacyStream({ labels, entries }: Record<string, unknown>, at: string): PushedStream {
  if (typeof labels !== "string")
    throw wrong(`${at}.labels`, labels, 'a string such as "{app=\\"web\\"}"');
  if (!Array.isArray(entries)) throw wrong(`${at}.entries`, entries, "a list of entries");
  return {
    labels: streamLabels(labels),
    entries: entries.map((entry: unknown, i) => {
      const own = `${at}.entries[${i}]`;
      if (!isObject(entry)) throw wrong(own, entry, 'an object with "ts" and "line"');
      const { ts, line } = entry;
      if (typeof line !== "string") throw wrong(`${own}.line`, line, "the line as a string");
      return { unixNanos: nanosOfTime(ts, `${own}.ts`), line, metadata: {} };
    }),
  };
}

/** Metadata is texts; Loki takes other values as they are written, and so clients send numbers. */
export function textsOf(metadata: Readonly<Record<string, unknown>>): Labels {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata))
    texts[name] = typeof value === "string" ? value : jsonText(name, value);
  return texts;
}

function jsonText(name: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    // Nested deeper than the engine's stack.
    throw new BodyError(400, `metadata ${JSON.stringify(name)} can't be read`, { cause });
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 3339, with up to nine digits of a second. */
function nanosOfTime(value: unknown, at: string): bigint {
  const text = typeof value === "string" ? value : "";
  const parts = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const secondMs = Date.parse(`${parts?.[1]}${parts?.[3]}`);
  if (parts === null || Number.isNaN(secondMs)) throw wrong(at, value, "a time in RFC 3339");
  return BigInt(secondMs) * 1_000_000n + BigInt((parts[2] ?? "").padEnd(9, "0"));
}

function wrong(at: string, value: unknown, expected: string): BodyError {
  return new BodyError(400, `push at ${at}: got ${shown(value)}, expected ${expected}`);
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return "an object";
  return shortened(JSON.stringify(value));
}

function shortened(text: string): string {
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}...` : text;
}
