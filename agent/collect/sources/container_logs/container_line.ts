import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import type { Instant } from "../../../pipeline/processors/formats/time_format.ts";
import { readContainerTime } from "./container_time.ts";

export type ContainerFormat = "auto" | "docker" | "cri";

/** One line of a container's log file. */
export type ContainerLine = {
  /** stdout or stderr. */
  readonly stream: string;
  readonly time: Instant;
  /** More of the same line follows in the stream's next one. */
  readonly partial: boolean;
  /** Without line end. */
  readonly text: Buffer;
  readonly attributes: Labels | undefined;
};

const openingBrace = 0x7b;
const space = 0x20;
const carriageReturn = 0x0d;

/** The line `bytes`, given without its end; undefined where it is not of the form. */
export function readContainerLine(
  bytes: Buffer,
  format: ContainerFormat,
): ContainerLine | undefined {
  if (format !== "cri" && bytes[0] === openingBrace)
    return readUsualDocker(bytes) ?? readDocker(bytes);
  return format === "docker" ? undefined : readCri(bytes);
}

const dockerFront = Buffer.from('{"log":"');
const streams = (["stdout", "stderr"] as const).map((stream) => ({
  stream,
  middle: Buffer.from(`","stream":"${stream}","time":"`),
}));
const [quote, backslash, closingBrace, letterN] = [0x22, 0x5c, 0x7d, 0x6e];
/** A time is shorter than this. */
const timeBytesMax = 40;

/** The line as the driver writes it where there is nothing more to it, read without making JSON of it; undefined otherwise. */
function readUsualDocker(bytes: Buffer): ContainerLine | undefined {
  const last = bytes.length - 1;
  if (bytes[last] !== closingBrace || bytes[last - 1] !== quote) return undefined;
  const timeStart = bytes.lastIndexOf(quote, last - 2) + 1;
  if (last - timeStart > timeBytesMax || !startsWith(bytes, dockerFront, 0)) return undefined;
  const found = streams.find(({ middle }) => startsWith(bytes, middle, timeStart - middle.length));
  if (found === undefined) return undefined;
  const start = dockerFront.length;
  const stop = timeStart - found.middle.length;
  for (let i = timeStart; i < last - 1; i++)
    if ((bytes[i] ?? 0) < 0x20 || (bytes[i] ?? 0) >= 0x7f || bytes[i] === backslash)
      return undefined;
  const time = readContainerTime(bytes, timeStart, last - 1);
  if (stop < start || time === undefined) return undefined;
  const text = textOf(bytes.subarray(start, stop));
  return (
    text && {
      stream: found.stream,
      time,
      partial: !text.isWhole,
      text: text.bytes,
      attributes: undefined,
    }
  );
}

/** The text of a JSON string of the log, given without its quotes; undefined where it is none, or its escapes would break it. */
function textOf(json: Buffer): { readonly bytes: Buffer; readonly isWhole: boolean } | undefined {
  let isAscii = true;
  let escapes = 0;
  let lastEscape = -1;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i] ?? 0;
    if (byte < 0x20 || byte === quote) return undefined;
    if (byte >= 0x80) isAscii = false;
    else if (byte === backslash) {
      escapes++;
      lastEscape = i++;
      if (i === json.length || (json[i] ?? 0) < 0x20 || (json[i] ?? 0) >= 0x80) return undefined;
    }
  }
  if (!isAscii && !isUtf8(json)) return undefined;
  if (escapes === 0) return { bytes: json, isWhole: false };
  const end = json.length - 2;
  if (escapes === 1 && lastEscape === end && json[end + 1] === letterN)
    return { bytes: json.subarray(0, end), isWhole: true };
  const log = parseJson(`"${json.toString("utf8")}"`);
  if (typeof log !== "string") return undefined;
  const cut = log.endsWith("\r\n") ? -2 : log.endsWith("\n") ? -1 : log.length;
  return { bytes: Buffer.from(log.slice(0, cut), "utf8"), isWhole: log.endsWith("\n") };
}

function startsWith(bytes: Buffer, part: Buffer, at: number): boolean {
  if (at < 0 || bytes.length - at < part.length) return false;
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

const DockerLine = z.lazy(() =>
  z.object({
    log: z.string(),
    stream: z.enum(["stdout", "stderr"]),
    time: z.string(),
    attrs: z.record(z.string(), z.string()).optional(),
  }),
);

/** Docker's json-file driver: moby, daemon/logger/jsonfilelog/jsonlog. A line longer than 16 KiB comes in parts without "\n". */
export function readDocker(bytes: Buffer): ContainerLine | undefined {
  // Decoded, bytes that are no text would become others.
  if (!isUtf8(bytes)) return undefined;
  const parsed = DockerLine.safeParse(parseJson(bytes.toString("utf8")));
  if (!parsed.success) return undefined;
  const { log, stream, time: timeText, attrs } = parsed.data;
  const timeBytes = Buffer.from(timeText, "utf8");
  const time = readContainerTime(timeBytes, 0, timeBytes.length);
  if (time === undefined) return undefined;
  const partial = !log.endsWith("\n");
  const text = Buffer.from(partial ? log : log.slice(0, log.endsWith("\r\n") ? -2 : -1), "utf8");
  return { stream, time, partial, text, attributes: attrs };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `<time> <stream> <P|F>[:tags] <text>`: kubernetes/design-proposals-archive, node/kubelet-cri-logging.md. Any bytes may be text. */
function readCri(bytes: Buffer): ContainerLine | undefined {
  const first = bytes.indexOf(space);
  if (first < 20 || first > 40) return undefined;
  const second = bytes.indexOf(space, first + 1);
  if (second < 0) return undefined;
  const stream = bytes.toString("latin1", first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const third = bytes.indexOf(space, second + 1);
  const end = third < 0 ? bytes.length : third;
  const tag = bytes[second + 1];
  const isTag = end === second + 2 || bytes[second + 2] === 0x3a;
  if (!isTag || (tag !== 0x50 && tag !== 0x46)) return undefined;
  const time = readContainerTime(bytes, 0, first);
  if (time === undefined) return undefined;
  const isReturned = tag === 0x46 && bytes.at(-1) === carriageReturn;
  const stop = isReturned ? bytes.length - 1 : bytes.length;
  const text = bytes.subarray(Math.min(stop, end + 1), stop);
  return { stream, time, partial: tag === 0x50, text, attributes: undefined };
}
